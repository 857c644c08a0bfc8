/* cli/commands.c: the list of commands, in the order in which help shows them. */
#include "cli/command.h"

const struct command *const commands[] = {
    NULL,
};
