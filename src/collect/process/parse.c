/* collect/process/parse.c: parses the kernel's texts about one process. */
#include "collect/process/parse.h"

#include "collect/kernel_file.h"

/* The fields of stat behind the name, counted from the state; proc(5) counts two more before them. */
enum stat_field {
    STAT_PPID = 1,
    STAT_FLAGS = 6,
    STAT_UTIME = 11,
    STAT_STIME = 12,
    STAT_PRIORITY = 15,
    STAT_NICE = 16,
    STAT_THREADS = 17,
    STAT_START = 19,
    STAT_VSIZE = 20,
    STAT_RSS = 21,
    STAT_FIELDS = 22,
};

/* The next number and the blank before it. Every process goes through here at every cycle: no word splitting. */
static bool next_number(const char **at, const char *end, uint64_t *ret) {
    const char *p = *at;
    uint64_t value = 0;
    if (p == end || *p++ != ' ' || p == end)
        return false;
    bool minus = *p == '-';
    p += minus;
    const char *digits = p;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(value, 10U, &value) || __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
            return false;
    *ret = minus ? 0 - value : value;
    *at = p;
    return p > digits;
}

bool process_parse_stat(struct text text, struct process_stat *ret) {
    enum { KERNEL_THREAD = 0x00200000 }; /* PF_KTHREAD */
    uint64_t fields[STAT_FIELDS] = {0};
    const char *end = text.at + text.len;
    const char *open = text.len ? memchr(text.at, '(', text.len) : NULL;
    const char *close = text.len ? memrchr(text.at, ')', text.len) : NULL;
    if (!open || !close || close < open || end - close < 3 || close[1] != ' ')
        return false;
    const char *at = close + 3;
    for (size_t i = STAT_PPID; i < STAT_FIELDS; i++)
        if (!next_number(&at, end, &fields[i]))
            return false;
    size_t comm = (size_t)(close - open - 1);
    ret->comm_len = (uint8_t)(comm < PROCESS_COMM_MAX ? comm : PROCESS_COMM_MAX);
    memcpy(ret->comm, open + 1, ret->comm_len);
    ret->state = close[2];
    ret->kernel_thread = fields[STAT_FLAGS] & KERNEL_THREAD;
    ret->ppid = fields[STAT_PPID];
    ret->threads = fields[STAT_THREADS];
    ret->user_ticks = fields[STAT_UTIME];
    ret->system_ticks = fields[STAT_STIME];
    ret->start_ticks = fields[STAT_START];
    ret->vsize_bytes = fields[STAT_VSIZE];
    ret->rss_pages = (int64_t)fields[STAT_RSS] < 0 ? 0 : fields[STAT_RSS]; /* the kernel's sum may dip below 0 */
    ret->priority = (int64_t)fields[STAT_PRIORITY];
    ret->nice = (int64_t)fields[STAT_NICE];
    return true;
}

bool process_parse_io(struct text text, uint64_t *ret_read_bytes, uint64_t *ret_write_bytes) {
    bool read = false;
    bool write = false;
    for (struct text line, key; kernel_line(&text, &line);) {
        if (!text_cut(&line, ':', &key))
            continue;
        if (text_is(key, "read_bytes"))
            read = text_u64(text_trim(line), ret_read_bytes);
        else if (text_is(key, "write_bytes"))
            write = text_u64(text_trim(line), ret_write_bytes);
    }
    return read && write;
}

struct text process_parse_cgroup(struct text text) {
    struct text unified = {NULL, 0};
    struct text systemd = {NULL, 0};
    struct text longest = {NULL, 0};
    for (struct text line, id, controllers; kernel_line(&text, &line);) {
        if (!text_cut(&line, ':', &id) || !text_cut(&line, ':', &controllers) || line.len == 0 || line.at[0] != '/')
            continue;
        if (text_is(id, "0") && controllers.len == 0)
            unified = line;
        else if (text_is(controllers, "name=systemd"))
            systemd = line;
        if (!known_text(longest) || line.len > longest.len)
            longest = line;
    }
    return unified.len > 1 ? unified : systemd.len > 1 ? systemd : longest;
}

struct text process_parse_cmdline(char *at, size_t len) {
    while (len > 0 && (at[len - 1] == '\0' || at[len - 1] == ' '))
        len--;
    for (size_t i = 0; i < len; i++)
        if (at[i] == '\0')
            at[i] = ' ';
    return (struct text){at, len};
}
