/* cli/main.c: sets the process up and runs the program. */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <unistd.h>

#include "cli/program.h"

/* A caller that closed 0, 1 or 2 must not find our messages in the recording that would get that number. Opened so that using
 * it fails. */
static void hold_standard_files(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_NOCTTY);
}

int main(int argc, char **argv) {
    static const struct program program = {commands, "/etc/tacho/config.ini"};
    hold_standard_files();
    /* Both turn into errors of the write: a reader that went away, and a file-size limit that works as a full disk. */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    /* Characters as the terminal has them; numbers and messages stay as they are in every country. */
    (void)setlocale(LC_CTYPE, "");
    return program_run(&program, argc, argv);
}
