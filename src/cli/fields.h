/* cli/fields.h: walks the model's field tables for people: what a frame holds, by the paths that --fields takes. */
#ifndef TACHO_CLI_FIELDS_H
#define TACHO_CLI_FIELDS_H

#include "base/buffer.h"
#include "frame/field.h"

enum { FIELDS_PATH_MAX = 128 };

/* Calls `visit` for every field below a section, parents before their members; `path` is "gpm_metrics.sm_occupancy", and
 * "mig_instances[].uuid" for the items of a list. */
typedef void (*fields_visit)(void *user, const char *path, const struct field *f);
void fields_walk(const struct field_table *table, fields_visit visit, void *user);

/* "number, %, counter: what it means" */
void fields_describe(const struct field *f, struct buffer *out);

#endif
