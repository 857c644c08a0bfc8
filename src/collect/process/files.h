/* collect/process/files.h: what procfs says about single processes; the files of busy ones stay open. */
#ifndef TACHO_COLLECT_PROCESS_FILES_H
#define TACHO_COLLECT_PROCESS_FILES_H

#include "collect/process/table.h"

struct process_files { /* one owner thread; nothing to free once every entry was dropped */
    int proc_fd;                           /* borrowed */
    struct process_entry *newest, *oldest; /* with kept handles, by when they ran */
    size_t n, max;
    uint64_t cycle; /* the table's */
};

void process_files_init(struct process_files *files, int proc_fd);
/* Parses the process's stat. False when it has gone. `keep`: it runs often enough for its files to stay open. */
bool process_files_stat(
    struct process_files *files, struct process_entry *e, bool keep, struct process_stat *ret) NODISCARD;
/* Reads the process's io into the entry: unknown where that is not allowed. */
void process_files_io(struct process_files *files, struct process_entry *e);
/* Closes what is kept open of the process. */
void process_files_drop(struct process_files *files, struct process_entry *e);

#endif
