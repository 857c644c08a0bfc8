/* fuzz/fuzz_collect_exits.c: the kernel's messages about ending tasks, mangled: the first byte picks the kind. */
#include <stdint.h>
#include <stdlib.h>

#include "collect/process/exit_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct exit_event event;
    if (size == 0)
        return 0;
    struct text message = {(const char *)data + 1, size - 1};
    bool known = data[0] & 1 ? exit_parse_taskstats(message, &event) : exit_parse_connector(message, &event);
    if (!known)
        return 0;
    int64_t code = exit_code_of(event.wait_status);
    if (event.pid == 0 || event.tgid == 0 || event.comm_len > EXIT_COMM_MAX || code < -127 || code > 255)
        abort();
    return 0;
}
