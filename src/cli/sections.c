/* cli/sections.c: the options of collecting that several commands share. */
#include "cli/sections.h"

#include "base/text.h"

static int read_sections(const char *list, unsigned *ret, struct error *err) {
    struct text rest = text_of(list), part;
    char shown[64];
    *ret = 0;
    while (text_cut(&rest, ',', &part)) {
        part = text_trim(part);
        enum section s = section_find(part);
        if (text_equal(part, TEXT("all")))
            *ret |= (1U << SECTION_ERROR) - 1;
        else if (s < SECTION_ERROR)
            *ret |= 1U << s;
        else if (part.len > 0)
            return error_set(err, ERR_USAGE,
                "--include: '%s' is no section (gpu, cpu, memory, chassis, process, storage, network, all)",
                text_printable(part, shown, sizeof shown));
    }
    return *ret ? 0 : error_set(err, ERR_USAGE, "--include: no section named (as gpu,cpu,memory)");
}

static int read_processes(const char *which, struct collect_options *ret, struct error *err) {
    struct text t = text_of(which);
    uint64_t n = 0;
    char shown[64];
    if (text_equal(t, TEXT("notable")))
        ret->processes = PROCESSES_NOTABLE;
    else if (text_equal(t, TEXT("all")))
        ret->processes = PROCESSES_ALL;
    else if (text_equal(t, TEXT("gpu")))
        ret->processes = PROCESSES_GPU;
    else if (text_starts(t, "top:") && text_u64((struct text){t.at + 4, t.len - 4}, &n) && n > 0 && n <= 100000)
        ret->processes = PROCESSES_TOP;
    else
        return error_set(err, ERR_USAGE, "--processes: '%s' is none of notable, all, gpu, top:N (N from 1 to 100000)",
            text_printable(t, shown, sizeof shown));
    ret->process_top = (unsigned)n;
    return 0;
}

void place_values_read(const struct place_values *v, struct collect_options *ret) {
    ret->roots = (struct roots){v->procfs, v->sysfs, v->rootfs};
    ret->nvml = v->nvml;
}

int collect_values_read(const struct collect_values *v, struct collect_options *ret, struct error *err) {
    *ret = (struct collect_options){.wait_ns = 0};
    place_values_read(&v->place, ret);
    int r = read_sections(v->include, &ret->sections, err);
    if (r == 0)
        r = read_processes(v->processes, ret, err);
    if (r == 0 && ret->processes == PROCESSES_GPU && (ret->sections & 1U << SECTION_PROCESS) &&
        !(ret->sections & 1U << SECTION_GPU))
        return error_set(err, ERR_USAGE, "--processes gpu: who uses a GPU is known with --include gpu,process");
    return r;
}
