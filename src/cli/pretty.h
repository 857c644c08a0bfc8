/* cli/pretty.h: JSON laid out for people. */
#ifndef TACHO_CLI_PRETTY_H
#define TACHO_CLI_PRETTY_H

#include "base/buffer.h"

/* Appends compact, well-formed JSON with line breaks and two blanks per level; empty lists and objects stay closed. */
void pretty_json(struct text compact, struct buffer *out);

#endif
