/* cli/commands.c: the list of commands, in the order in which help shows them. */
#include "cli/command.h"

const struct command *const commands[] = {
    &record_command,
    &view_command,
    &snapshot_command,
    &info_command,
    &export_command,
    &verify_command,
    &mark_command,
    &doctor_command,
    NULL,
};
