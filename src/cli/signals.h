/* cli/signals.h: waiting for a moment or for the signals that end a program well. */
#ifndef TACHO_CLI_SIGNALS_H
#define TACHO_CLI_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/* From now on SIGINT, SIGTERM and SIGHUP are remembered, and reach the program only in signals_wait; a second SIGINT ends it at
 * once with status 130. Call before threads start: they inherit the blocked signals. */
void signals_catch(void);
/* Sleeps until `mono_ns` (CLOCK_MONOTONIC) or a signal. True when the program was asked to end, now or before. */
bool signals_wait(int64_t mono_ns);
bool signals_ended(void);

#endif
