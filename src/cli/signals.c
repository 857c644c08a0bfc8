/* cli/signals.c: waiting for a moment or for the signals that end a program well. */
#include "cli/signals.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "base/clock.h"

static volatile sig_atomic_t asked;

static void on_signal(int number) {
    if (asked && number == SIGINT)
        _exit(130); /* everything up to the last flush is in the file */
    asked = 1;
}

void signals_catch(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigemptyset(&action.sa_mask);
    static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++) {
        struct sigaction before;
        (void)sigaction(caught[i], NULL, &before);
        if (caught[i] == SIGHUP && before.sa_handler == SIG_IGN)
            continue; /* under nohup a hang-up means nothing */
        (void)sigaction(caught[i], &action, NULL);
        if (caught[i] != SIGINT) /* a second SIGINT must get through whatever the program is at */
            (void)sigaddset(&set, caught[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

bool signals_wait(int64_t mono_ns) {
    sigset_t none;
    (void)sigemptyset(&none);
    for (;;) {
        int64_t left = mono_ns - clock_mono_ns();
        if (left <= 0 && !asked) { /* the time is up: still let a waiting signal in */
            struct timespec now = {0, 0};
            (void)ppoll(NULL, 0, &now, &none);
        }
        if (asked || left <= 0)
            return asked != 0;
        struct timespec wait = {(time_t)(left / NS_PER_SECOND), (long)(left % NS_PER_SECOND)};
        (void)ppoll(NULL, 0, &wait, &none);
    }
}

bool signals_ended(void) {
    sigset_t none;
    struct timespec now = {0, 0};
    (void)sigemptyset(&none);
    if (!asked)
        (void)ppoll(NULL, 0, &now, &none); /* lets a waiting signal in */
    return asked != 0;
}
