/* recording/resume.c: where a recording that is to be continued left off. */
#include "recording/resume.h"

#include "recording/cursor.h"

int recording_resume(const char *path, uint64_t *ret_next_seq, int64_t *ret_last_ns, struct error *err) {
    struct recording *r = NULL;
    struct cursor *c = NULL;
    *ret_next_seq = 0;
    *ret_last_ns = TIME_UNKNOWN;
    int code = recording_open(&path, 1, true, &r, err);
    if (code == -ERR_ABSENT)
        return 0;
    if (code == 0)
        code = cursor_create(r, &c, err);
    if (code == 0)
        code = cursor_last(c, err);
    if (code == 1) {
        *ret_last_ns = cursor_time(c);
        if (known_u64(cursor_frame(c)->seq))
            *ret_next_seq = cursor_frame(c)->seq + 1;
    }
    cursor_destroy(c);
    recording_close(r);
    return code < 0 ? code : 0;
}
