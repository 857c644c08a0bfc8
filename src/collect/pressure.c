/* collect/pressure.c: parses pressure stall information. */
#include "collect/pressure.h"

#include "base/number.h"
#include "collect/kernel_file.h"

struct stall pressure_parse(struct text text) {
    struct stall stall = {NAN, U64_UNKNOWN, NAN, U64_UNKNOWN};
    for (struct text line, kind, word, key; kernel_line(&text, &line);) {
        if (!text_word(&line, &kind))
            continue;
        bool full = text_is(kind, "full");
        if (!full && !text_is(kind, "some"))
            continue;
        while (text_word(&line, &word)) {
            if (!text_cut(&word, '=', &key))
                continue;
            if (text_is(key, "avg10"))
                (void)text_f64(word, full ? &stall.full_avg10 : &stall.some_avg10);
            else if (text_is(key, "total"))
                (void)text_u64(word, full ? &stall.full_total_us : &stall.some_total_us);
        }
    }
    return stall;
}
