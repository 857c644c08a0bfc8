/* collect/gpu/devfreq.c: reads a device's clock and load from devfreq. */
#include "collect/gpu/devfreq.h"

#include <dirent.h>

#include "base/file.h"
#include "base/number.h"
#include "collect/kernel_file.h"

enum { MHZ_MAX = 20000 };

double devfreq_parse_load(struct text text) {
    struct text percent;
    double load = 0;
    text = text_trim(text);
    if (!text_cut(&text, '@', &percent))
        return NAN;
    percent = text_ends(percent, "%") ? (struct text){percent.at, percent.len - 1} : percent;
    return text_f64(percent, &load) && load >= 0 && load <= 100 ? load : NAN;
}

static uint64_t to_mhz(uint64_t hz) {
    return hz <= MHZ_MAX * UINT64_C(1000000) ? (hz + 500000) / 1000000 : U64_UNKNOWN;
}

struct devfreq devfreq_read(int card_fd) {
    struct devfreq found = {U64_UNKNOWN, U64_UNKNOWN, NAN};
    int fd CLEANUP(file_close) = -1;
    if (kernel_dir_open_at(card_fd, "device/devfreq", &fd, NULL) < 0)
        return found;
    DIR *dir = fdopendir(fd);
    if (!dir)
        return found;
    (void)file_steal(&fd);
    for (const struct dirent *entry; !known_u64(found.mhz) && (entry = readdir(dir));) {
        char buf[KERNEL_VALUE_MAX];
        if (entry->d_name[0] == '.')
            continue;
        found.mhz = to_mhz(kernel_u64(dirfd(dir), "%s/cur_freq", entry->d_name));
        found.max_mhz = to_mhz(kernel_u64(dirfd(dir), "%s/max_freq", entry->d_name));
        found.load = devfreq_parse_load(kernel_text(dirfd(dir), buf, "%s/load", entry->d_name));
    }
    (void)closedir(dir);
    return found;
}
