/* collect/gpu/nvidia_explain.c: what of NVIDIA's cards can be read here and what cannot, for `tacho doctor`. */
#include "collect/gpu/drivers.h"
#include "collect/gpu/nvidia_card.h"

#include <stdio.h>
#include <sys/stat.h>

static bool driver_loaded(const struct collect_options *options) {
    char path[512];
    struct stat info;
    (void)snprintf(path, sizeof path, "%s/driver/nvidia/version", options->roots.procfs);
    return stat(path, &info) == 0;
}

static void explain_absence(const struct collect_options *options, const struct error *err, struct report *report) {
    bool wanted = !options->nvml || strcmp(options->nvml, "none") != 0;
    bool loaded = driver_loaded(options);
    const char *remedy = NULL;
    if (!wanted)
        remedy = loaded ? "run without --nvml none" : NULL;
    else if (loaded)
        remedy = "install the driver's libraries (package libnvidia-compute or libnvidia-ml1), name the library with "
                 "--nvml; "
                 "in a container: NVIDIA_DRIVER_CAPABILITIES=utility";
    report_add(report, SECTION_GPU, wanted && loaded ? DENIED : MISSING, "nvidia", remedy, "%s%s", err->text,
        loaded ? "" : "; no driver of NVIDIA's is loaded");
}

static const char *remedy_for(const char *why) {
    static const struct {
        int result;
        const char *remedy;
    } known[] = {
        {NVML_VERSION_MISMATCH, "restart the machine, or unload and load the kernel's nvidia modules"},
        {NVML_NO_PERMISSION, "let this user open /dev/nvidiactl and /dev/nvidia0"},
        {NVML_OPERATING_SYSTEM, "let this control group or container use /dev/nvidiactl and /dev/nvidia0"},
        {NVML_GPU_IS_LOST, "the kernel's log (XID) says why; reset the card or restart the machine"},
        {NVML_RESET_REQUIRED, "nvidia-smi --gpu-reset, or restart the machine"},
        {NVML_IRQ_ISSUE, "look into the kernel's log"},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strstr(why, nvml_words(known[i].result)))
            return known[i].remedy;
    return NULL;
}

/* What the card itself does not have, or its driver does not tell; each word once. */
static void list_unsupported(const struct nvidia_card *c, char *out, size_t cap) {
    static const enum nvidia_reading notable[] = {READ_UTILIZATION, READ_MEMORY, READ_FIELD_MEMORY_TEMPERATURE,
        READ_FAN_COUNT, READ_FIELD_CORRECTED, READ_FIELD_REMAPPED_COR, READ_LINK_STATE, READ_JPEG, READ_OFA,
        READ_EVENTS, READ_PROCESS_UTILIZATION, READ_GPM};
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(notable) && used < cap; i++)
        if (c->unsupported[notable[i]])
            used += (size_t)snprintf(out + used, cap - used, "%s%s",
                used ? ", " : "; not told by this card: ", nvidia_reading_name(notable[i]));
}

static void explain_card(struct nvidia_card *c, struct report *report) {
    struct cycle cycle = {.mono_ns = clock_mono_ns(), .wall_ns = clock_wall_ns()};
    struct error err = {.text = ""};
    struct frame frame;
    char source[GPU_KEY_MAX + NVML_NAME_BYTES + 32];
    char lacks[320];
    frame_init(&frame);
    int status = nvidia_card_sample(c, &cycle, &frame, &err);
    bool read = frame.gpus.n > 0;
    list_unsupported(c, lacks, sizeof lacks);
    (void)snprintf(source, sizeof source, "nvidia: GPU %s%s%s%s", c->key, c->facts.name[0] ? " (" : "", c->facts.name,
        c->facts.name[0] ? ")" : "");
    if (status == 0)
        report_add(report, SECTION_GPU, READABLE, source, NULL, "driver %s%s%s%s", c->session->driver_version,
            report->identifiers ? ", " : "", report->identifiers ? c->facts.uuid : "", lacks);
    else
        report_add(report, SECTION_GPU, read ? PARTLY : DENIED, source, remedy_for(err.text), "%s%s", err.text,
            read ? lacks : "");
    frame_done(&frame);
}

void nvidia_explain(const struct collect_options *options, struct report *report) {
    struct error err = {.text = ""};
    void *driver = NULL;
    static char keys[GPU_CARDS_MAX][GPU_KEY_MAX]; /* doctor is one thread */
    int r = nvidia_driver.open(options, &driver, &err);
    if (r < 0) {
        if (r == -ERR_ABSENT)
            explain_absence(options, &err, report);
        else
            report_add(report, SECTION_GPU, DENIED, "nvidia", remedy_for(err.text), "%s", err.text);
        return;
    }
    int n = nvidia_driver.list(driver, keys, GPU_CARDS_MAX, &err);
    if (n < 0)
        report_add(report, SECTION_GPU, DENIED, "nvidia", remedy_for(err.text), "%s", err.text);
    else if (n == 0)
        report_add(report, SECTION_GPU, MISSING, "nvidia", NULL, "the driver works, and has no card");
    for (int i = 0; i < n; i++) {
        struct nvidia_card *c = NULL;
        if (nvidia_card_attach(driver, keys[i], &c, &err) == 0)
            explain_card(c, report);
        nvidia_card_detach(c);
    }
    nvidia_driver.close(driver);
}
