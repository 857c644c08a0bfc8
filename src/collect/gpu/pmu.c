/* collect/gpu/pmu.c: opens and reads counters of performance monitoring units. */
#include "collect/gpu/pmu.h"

#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/kernel_file.h"

static bool parse_number(struct text t, uint64_t *ret) {
    uint64_t number = 0;
    if (!text_starts(t, "0x"))
        return text_u64(t, ret);
    if (t.len < 3 || t.len > 18)
        return false;
    for (size_t i = 2; i < t.len; i++) {
        const char *digits = "0123456789abcdef";
        const char *at = memchr(digits, t.at[i] | 0x20, 16);
        if (!at)
            return false;
        number = number << 4 | (uint64_t)(at - digits);
    }
    *ret = number;
    return true;
}

bool pmu_parse_format(struct text text, struct pmu_field *ret) {
    static const char *const words[] = {"config", "config1", "config2"};
    struct text bits = text_trim(text);
    struct text name;
    uint64_t first = 0;
    uint64_t last = 0;
    uint64_t mask = 0;
    unsigned word = 0;
    if (!text_cut(&bits, ':', &name))
        return false;
    while (word < COUNT_OF(words) && !text_is(name, words[word]))
        word++;
    while (bits.len > 0) {
        if (!kernel_range(&bits, &first, &last) || last > 63)
            return false;
        mask |= (UINT64_MAX >> (63 - (last - first))) << first;
    }
    if (word == COUNT_OF(words) || mask == 0)
        return false;
    ret->word = word;
    ret->mask = mask;
    return true;
}

/* Lays the bits of `value` into those of the field, lowest first. */
static bool deposit(const struct pmu_field *field, uint64_t value, struct pmu_event *event) {
    event->words[field->word] &= ~field->mask;
    for (unsigned bit = 0; bit < 64; bit++) {
        if (!(field->mask >> bit & 1))
            continue;
        event->words[field->word] |= (value & 1) << bit;
        value >>= 1;
    }
    return value == 0;
}

bool pmu_set(const struct pmu *pmu, struct text name, uint64_t value, struct pmu_event *event) {
    static const struct pmu_field whole = {.word = 0, .mask = UINT64_MAX};
    for (size_t i = 0; i < pmu->n_fields; i++)
        if (text_is(name, pmu->fields[i].name))
            return deposit(&pmu->fields[i], value, event);
    return text_is(name, "config") && deposit(&whole, value, event);
}

bool pmu_parse_event(const struct pmu *pmu, struct text terms, struct pmu_event *event) {
    terms = text_trim(terms);
    for (struct text term, name; terms.len > 0 && text_cut(&terms, ',', &term);) {
        uint64_t value = 1; /* of a term without a number */
        if (!text_cut(&term, '=', &name) || (known_text(term) && !parse_number(term, &value)) ||
            !pmu_set(pmu, name, value, event))
            return false;
    }
    return true;
}

static void read_fields(int format_fd, struct pmu *pmu) {
    int fd CLEANUP(file_close) = dup(format_fd);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir)
        return;
    (void)file_steal(&fd);
    for (const struct dirent *entry; pmu->n_fields < PMU_TERMS_MAX && (entry = readdir(dir));) {
        char buf[KERNEL_VALUE_MAX];
        struct pmu_field *field = &pmu->fields[pmu->n_fields];
        if (entry->d_name[0] == '.' || strlen(entry->d_name) >= PMU_NAME_MAX ||
            !pmu_parse_format(kernel_text(format_fd, buf, "%s", entry->d_name), field))
            continue;
        memcpy(field->name, entry->d_name, strlen(entry->d_name) + 1);
        pmu->n_fields++;
    }
    (void)closedir(dir);
}

int pmu_read(int pmu_fd, struct pmu *ret, struct error *err) {
    char buf[KERNEL_VALUE_MAX];
    struct text cpus = kernel_text(pmu_fd, buf, "cpumask");
    uint64_t cpu = 0;
    uint64_t last = 0;
    uint64_t type = kernel_u64(pmu_fd, "type");
    int fd CLEANUP(file_close) = -1;
    /* Drivers that count on no processor in particular leave the mask out. */
    if (type > INT32_MAX || (known_text(cpus) && (!kernel_range(&cpus, &cpu, &last) || cpu > INT32_MAX)))
        return error_set(err, ERR_FORMAT, "type or cpumask of a performance monitoring unit");
    *ret = (struct pmu){.type = (uint32_t)type, .cpu = (int)cpu};
    if (kernel_dir_open_at(pmu_fd, "format", &fd, NULL) == 0)
        read_fields(fd, ret);
    return 0;
}

int pmu_open_counter(const struct pmu *pmu, const struct pmu_event *event, int *ret_fd, struct error *err) {
    struct perf_event_attr attr = {.type = pmu->type,
        .size = sizeof attr,
        .config = event->words[0],
        .config1 = event->words[1],
        .config2 = event->words[2],
        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED};
    long fd = syscall(SYS_perf_event_open, &attr, -1, pmu->cpu, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == EINVAL || errno == ENODEV || errno == EOPNOTSUPP || errno == ENOSYS))
        return error_set(err, ERR_ABSENT, "no such counter");
    if (fd < 0)
        return error_os(err, errno, "counters of the driver");
    *ret_fd = (int)fd;
    return 0;
}

bool pmu_read_counter(int fd, uint64_t *ret_count, uint64_t *ret_enabled_ns) {
    uint64_t values[2];
    if (read(fd, values, sizeof values) != (ssize_t)sizeof values)
        return false;
    *ret_count = values[0];
    *ret_enabled_ns = values[1];
    return true;
}
