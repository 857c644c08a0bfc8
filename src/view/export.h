/* view/export.h: what is shown, as a CSV file in the current folder. */
#ifndef TACHO_VIEW_EXPORT_H
#define TACHO_VIEW_EXPORT_H

#include "base/buffer.h"
#include "view/screen.h"

enum { EXPORT_NAME_MAX = 128 };

/* The cards (of the devices' pane) or processes (of theirs) that are shown, as filtered and sorted, with a row of names above.
 * -ERR_ABSENT when nothing is shown there, -ERR_NOMEM. Pure. */
int export_write(const struct view_state *s, const struct scene *scene, struct buffer *out, struct error *err) NODISCARD;

/* The same into a new file "tacho-HOST-20260418T123456Z.csv", with a number behind it when there is one of that name. Blocks on
 * the disk. Also -ERR_OS, -ERR_EXISTS. */
int export_save(const struct view_state *s, const struct scene *scene, char ret_name[EXPORT_NAME_MAX], struct error *err)
    NODISCARD;

#endif
