/* cli/help.h: --help, tacho help fields and --version, written from the tables. */
#ifndef TACHO_CLI_HELP_H
#define TACHO_CLI_HELP_H

#include "base/buffer.h"
#include "cli/command.h"
#include "cli/wrap.h"

/* As wide as the terminal on `fd` but at most 100 columns; 80 and nothing bold when it is none. */
struct wrap_style help_style(int fd);

void help_program(const struct command *const *list, const struct wrap_style *style, struct buffer *b);
void help_command(const struct command *c, const struct wrap_style *style, struct buffer *b);
void help_fields(const struct wrap_style *style, struct buffer *b);
void help_version(struct buffer *b);

/* What every page says in the same words. */
extern const char help_tagline[], help_layers[], help_about_fields[];
struct help_exit {
    const char *code, *says;
};
extern const struct help_exit help_exits[3];

/* "8" or "zstd": the built-in value as help shows it, or NULL where there is none worth showing. */
const char *help_initial(const struct option_spec *o);

#endif
