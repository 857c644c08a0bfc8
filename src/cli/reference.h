/* cli/reference.h: man pages and shell completions, written from the tables when tacho is built. */
#ifndef TACHO_CLI_REFERENCE_H
#define TACHO_CLI_REFERENCE_H

#include "base/buffer.h"
#include "cli/command.h"

/* tacho --reference man [COMMAND|fields] | bash | zsh | fish: prints to stdout; the exit code. */
int reference_run(const struct command *const *list, int argc, char **argv);

void reference_man_program(const struct command *const *list, struct buffer *b); /* tacho(1) */
void reference_man_command(const struct command *c, struct buffer *b);           /* tacho-record(1) … */
void reference_man_fields(struct buffer *b);                                     /* tacho-fields(5) */
void reference_bash(const struct command *const *list, struct buffer *b);
void reference_zsh(const struct command *const *list, struct buffer *b);
void reference_fish(const struct command *const *list, struct buffer *b);

#endif
