/* collect/process/select.h: which processes go into a frame. */
#ifndef TACHO_COLLECT_PROCESS_SELECT_H
#define TACHO_COLLECT_PROCESS_SELECT_H

#include "collect/collector.h"
#include "collect/process/table.h"

enum { PROCESS_NOTABLE_TOP = 50, PROCESS_TOP_MAX = PROCESSES_MAX };

struct process_select; /* opaque; one owner */

/* -ERR_NOMEM. */
int process_select_create(
    const struct collect_options *options, struct process_select **ret, struct error *err) NODISCARD;
void process_select_destroy(struct process_select *s); /* NULL is fine */

/* Sets `selected` of every entry. By rank (NOTABLE, TOP): the union of the first N by processor time, by resident memory and by
 * I/O, where only who has any of it takes part and ties go to the lower number, so that the same machine gives the same rows;
 * and who uses a GPU, always. */
void process_select_run(struct process_select *s, struct process_entry *const *entries, size_t n);

/* The same for those that ended, the most active first: all (ALL), those that used any processor time (NOTABLE), the first N of
 * these (TOP), those that used a GPU (GPU). Returns how many had to be left out because there are too many. */
size_t process_select_ended(struct process_select *s, struct process_entry *const *entries, size_t n);

#endif
