/* cli/progress.h: how far a long reading has got, on a terminal. */
#ifndef TACHO_CLI_PROGRESS_H
#define TACHO_CLI_PROGRESS_H

/* Shows "name 42 %" on standard error when that is a terminal, at most ten times a second. */
void progress_begin(const char *name);
void progress_tell(double share);
void progress_end(void); /* wipes the line */

#endif
