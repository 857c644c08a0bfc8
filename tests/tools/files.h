/* tests/tools/files.h: what tests of files share: a folder per test, whole files, and open descriptors. */
#ifndef TACHO_TESTS_TOOLS_FILES_H
#define TACHO_TESTS_TOOLS_FILES_H

#include "test.h"

#include "base/buffer.h"

/* A folder of its own per test, made and emptied by the two functions below (for cmocka's setup and teardown). */
int folder_make(void **state);
int folder_remove(void **state);
/* "<folder>/<name>"; good until 64 more were asked for. */
const char *in_folder(const char *name);

void slurp(const char *path, struct buffer *into); /* replaces what is in it */
void spill(const char *path, const void *bytes, size_t n);

size_t open_descriptors(void); /* of this process; one of them is of the looking itself */

#endif
