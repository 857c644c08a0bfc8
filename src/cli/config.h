/* cli/config.h: the configuration files: where they are, and what they give to a command. */
#ifndef TACHO_CLI_CONFIG_H
#define TACHO_CLI_CONFIG_H

#include "base/arena.h"
#include "base/error.h"
#include "cli/option.h"

enum { CONFIG_FILE_MAX = 1 << 20 }; /* bytes of a configuration file */

/* Reads INI text: [general] and a section per command, keys are option names with - or _. Everything in it is checked,
 * whichever command it is for; what is for `s->command` and no stronger layer gave is stored, texts copied into `texts`.
 * Returns 0, or -ERR_USAGE ("name:12: [record] interval: '3x' is not …"), -ERR_NOMEM. Pure. */
int config_parse(const struct command *const *list, const char *name, struct text content, struct settings *s,
    struct arena *texts, struct error *err) NODISCARD;

/* Reads `only` when it is not NULL (it must be there), else the user's file ($XDG_CONFIG_HOME/tacho/config.ini or
 * ~/.config/tacho/config.ini), then `system_path` where the user's says nothing. -ERR_USAGE, -ERR_NOMEM. */
int config_load(const struct command *const *list, const char *only, const char *system_path, struct settings *s,
    struct arena *texts, struct error *err) NODISCARD;

#endif
