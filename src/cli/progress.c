/* cli/progress.c: how far a long reading has got, on a terminal. */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

static const char *shown_name;
static int64_t shown_mono_ns;
static bool shown;

void progress_begin(const char *name) {
    shown_name = isatty(STDERR_FILENO) ? name : NULL;
    shown_mono_ns = clock_mono_ns();
    shown = false;
}

void progress_tell(double share) {
    char name[120];
    int64_t now = clock_mono_ns();
    if (!shown_name || now - shown_mono_ns < 100 * NS_PER_MS)
        return;
    shown_mono_ns = now;
    shown = true;
    (void)fprintf(stderr, "\r\033[K%s %.0f %%", text_printable(text_of(shown_name), name, sizeof name), share * 100);
}

void progress_end(void) {
    if (shown)
        (void)fputs("\r\033[K", stderr);
    shown = false;
    shown_name = NULL;
}
