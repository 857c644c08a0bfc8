/* frame/merge.h: makes one item of several that tell of the same thing. */
#ifndef TACHO_FRAME_MERGE_H
#define TACHO_FRAME_MERGE_H

#include "frame/field.h"

/* Gives `into` what it does not know and `from` does. Items of lists that name the same thing are merged as well, others are
 * appended; keys that an object of strings has stay as they are. Texts are shared: they must live as long as `arena`, into
 * which lists grow. Out of memory: the rest of a list is left out. Pure. */
void frame_merge(struct arena *arena, const struct field_table *table, void *into, const void *from);
/* Merges all items of a list into its first one. */
void frame_merge_all(struct arena *arena, const struct field_table *table, struct list *list);

#endif
