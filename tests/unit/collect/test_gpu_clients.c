/* tests/unit/collect/test_gpu_clients.c: who uses a graphics device, out of a procfs of files. */
#include "fixture.h"

#include <math.h>
#include <time.h>

#include "base/clock.h"
#include "collect/gpu/clients.h"

static struct error err;

static void put_link(const struct fixture *f, const char *target, const char *fmt, ...) PRINTF(3, 4);
static void put_link(const struct fixture *f, const char *target, const char *fmt, ...) {
    char path[512];
    va_list args;
    int len = snprintf(path, sizeof path, "%s/", f->root);
    va_start(args, fmt);
    (void)vsnprintf(path + len, sizeof path - (size_t)len, fmt, args);
    va_end(args);
    assert_ok(file_make_parents(path, &err), err);
    (void)unlink(path);
    assert_int_equal(symlink(target, path), 0);
}

/* A descriptor of a process, and what the driver tells of it. */
static void put_fd(const struct fixture *f, unsigned pid, unsigned number, const char *target, const char *fdinfo) {
    char name[64];
    put_link(f, target, "proc/%u/fd/%u", pid, number);
    (void)snprintf(name, sizeof name, "proc/%u/fdinfo/%u", pid, number);
    fixture_put(f, name, fdinfo);
}

static void put_devices(const struct fixture *f) {
    fixture_put(f, "sys/class/drm/card0/device/uevent", "DRIVER=i915\nPCI_ID=8086:56A5\nPCI_SLOT_NAME=0000:03:00.0\n");
    fixture_put(f, "sys/class/drm/card0/dev", "226:0\n");
    fixture_put(f, "sys/class/drm/renderD128/device/uevent", "DRIVER=i915\nPCI_SLOT_NAME=0000:03:00.0\n");
    fixture_put(f, "sys/class/drm/renderD128/dev", "226:128\n");
    fixture_put(f, "sys/class/drm/renderD129/device/uevent", "DRIVER=panfrost\nPCI_SLOT_NAME=fde60000.gpu\n");
    fixture_put(f, "sys/class/drm/renderD129/dev", "226:129\n");
    fixture_put(f, "sys/class/drm/renderD130/device/uevent", "DRIVER=nvidia\nPCI_SLOT_NAME=0000:04:00.0\n");
    fixture_put(f, "sys/class/drm/renderD130/dev", "226:130\n");
}

#define I915(id, busy)                                                                                                 \
    "drm-driver: i915\ndrm-pdev: 0000:03:00.0\ndrm-client-id: " id "\ndrm-engine-render: " busy " ns\n"

struct setup {
    struct fixture f;
    struct gpu_clients *clients;
    struct frame frame;
    struct cycle cycle;
};

static void set_up(struct setup *s) {
    *s = (struct setup){.clients = NULL};
    fixture_init(&s->f);
    put_devices(&s->f);
    frame_init(&s->frame);
}

static void open_clients(struct setup *s) {
    struct collect_options options = fixture_options(&s->f, 1U << SECTION_GPU);
    assert_ok(gpu_clients_create(&options, &s->clients, &err), err);
}

static void sample(struct setup *s, int64_t mono_ns) {
    s->cycle.mono_ns = mono_ns;
    frame_reset(&s->frame);
    assert_ok(gpu_clients_sample(s->clients, &s->cycle, &s->frame, &err), err);
}

static void tear_down(struct setup *s) {
    gpu_clients_destroy(s->clients);
    frame_done(&s->frame);
    fixture_done(&s->f);
}

static const struct process *row_of(const struct setup *s, uint64_t pid, const char *device) {
    for (size_t i = 0; i < s->frame.processes.n; i++)
        if (s->frame.processes.at[i].pid == pid && text_is(s->frame.processes.at[i].device_uuid, device))
            return &s->frame.processes.at[i];
    fail_msg("no row of process %u and %s", (unsigned)pid, device);
    return NULL;
}

static const struct gpu *device_of(const struct setup *s, const char *name) {
    for (size_t i = 0; i < s->frame.gpus.n; i++)
        if (text_is(s->frame.gpus.at[i].pci_bus_id, name))
            return &s->frame.gpus.at[i];
    fail_msg("no device %s", name);
    return NULL;
}

static void rows_and_devices(void **state) {
    (void)state;
    struct setup s;
    set_up(&s);
    put_fd(&s.f, 100, 3, "/dev/dri/renderD128",
        I915("1", "0") "drm-resident-local0: 4 MiB\ndrm-resident-system0: 9 MiB\n");
    put_fd(&s.f, 100, 4, "/dev/dri/card0", I915("2", "0") "drm-resident-local0: 2 MiB\n");
    put_fd(&s.f, 100, 5, "/dev/dri/renderD128", I915("1", "0") "drm-resident-local0: 4 MiB\n"); /* dup(3) */
    put_fd(&s.f, 100, 6, "/dev/dri/renderD129",
        "drm-driver: panfrost\ndrm-client-id: 1\ndrm-engine-fragment: 0 ns\ndrm-resident-memory: 1 MiB\n");
    put_fd(&s.f, 101, 3, "/dev/dri/renderD128", I915("1", "0") "drm-resident-local0: 4 MiB\n"); /* inherited */
    put_fd(&s.f, 102, 0, "/dev/null", "pos: 0\n");
    put_fd(&s.f, 102, 1, "socket:[1]", "pos: 0\n");
    put_fd(&s.f, 103, 9, "/home/mina/card0", I915("9", "0")); /* no device */
    put_fd(&s.f, 104, 3, "/dev/dri/renderD130", "pos: 0\n");
    put_fd(&s.f, 105, 3, "/dev/dri/renderD128", "pos: 0\n"); /* nothing told */
    open_clients(&s);
    sample(&s, 1);
    assert_int_equal(s.frame.processes.n, 2);
    const struct process *row = row_of(&s, 100, "0000:03:00.0");
    assert_int_equal(row->used_memory, 6 << 20);
    assert_text(row->gpu_memory_kind, "vram");
    assert_true(isnan(row->gpu_utilization));
    row = row_of(&s, 100, "fde60000.gpu");
    assert_int_equal(row->used_memory, 1 << 20);
    assert_text(row->gpu_memory_kind, "system");
    assert_int_equal(s.frame.gpus.n, 2); /* NVIDIA's own driver tells nothing */
    assert_true(isnan(device_of(&s, "0000:03:00.0")->utilization));
    tear_down(&s);
}

static void engines_that_were_busy(void **state) {
    (void)state;
    struct setup s;
    set_up(&s);
    put_fd(&s.f, 100, 3, "/dev/dri/renderD128", I915("1", "0") "drm-engine-video: 0 ns\n");
    put_fd(&s.f, 101, 3, "/dev/dri/renderD128", I915("2", "0"));
    open_clients(&s);
    int64_t before_ns = clock_mono_ns();
    sample(&s, 1);
    nap_ms(100);
    char text[256];
    (void)snprintf(text, sizeof text, I915("1", "%d") "drm-engine-video: 0 ns\n", 20 * 1000000);
    put_fd(&s.f, 100, 3, "/dev/dri/renderD128", text);
    sample(&s, 2);
    double took_ms = (double)(clock_mono_ns() - before_ns) / 1e6;
    const struct process *row = row_of(&s, 100, "0000:03:00.0");
    /* 20 ms of at least 100 and at most what all took, rounded. */
    assert_true(row->gpu_utilization <= 20.1 && row->gpu_utilization >= 100 * 20 / took_ms - 0.1);
    assert_true(row_of(&s, 101, "0000:03:00.0")->gpu_utilization == 0);
    assert_true(device_of(&s, "0000:03:00.0")->utilization == row->gpu_utilization);
    /* Not all processes were seen: that the video engine did nothing for these is no news. */
    assert_true(isnan(device_of(&s, "0000:03:00.0")->decoder_utilization));
    assert_true(isnan(device_of(&s, "fde60000.gpu")->utilization));
    tear_down(&s);
}

static void idleness_needs_sight_of_all(void **state) {
    (void)state;
    struct setup s;
    set_up(&s);
    put_link(&s.f, "pid:[4026531836]", "proc/1/ns/pid");
    fixture_put(&s.f, "sys/class/drm/card5/device/uevent", "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:05:00.0\n");
    open_clients(&s);
    sample(&s, 1);
    assert_int_equal(s.frame.processes.n, 0);
    assert_true(device_of(&s, "0000:03:00.0")->utilization == 0);
    assert_true(device_of(&s, "fde60000.gpu")->utilization == 0);
    assert_true(isnan(device_of(&s, "0000:05:00.0")->utilization)); /* may compute unseen */
    put_fd(&s.f, 100, 3, "/dev/dri/renderD128", "drm-driver: i915\ndrm-pdev: 0000:03:00.0\ndrm-client-id: 1\n");
    sample(&s, CLIENTS_SCAN_NS + 1);
    assert_true(isnan(device_of(&s, "0000:03:00.0")->utilization)); /* a client that tells nothing of engines */
    tear_down(&s);
}

static void clients_come_and_go(void **state) {
    (void)state;
    struct setup s;
    set_up(&s);
    put_fd(&s.f, 100, 3, "/dev/dri/renderD128", I915("1", "0"));
    put_fd(&s.f, 200, 3, "/dev/dri/renderD128", I915("1", "0"));
    open_clients(&s);
    sample(&s, 1);
    (void)row_of(&s, 100, "0000:03:00.0");
    assert_int_equal(s.frame.processes.n, 1);
    /* New ones are seen with the next scan. */
    put_fd(&s.f, 50, 7, "/dev/dri/renderD128", I915("5", "0"));
    sample(&s, CLIENTS_SCAN_NS);
    assert_int_equal(s.frame.processes.n, 1);
    sample(&s, CLIENTS_SCAN_NS + 1);
    assert_int_equal(s.frame.processes.n, 2);
    (void)row_of(&s, 50, "0000:03:00.0");
    /* The process that stood for a client goes: the other one that has it stands for it. */
    fixture_drop(&s.f, "proc/100");
    sample(&s, 2 * CLIENTS_SCAN_NS + 1);
    assert_int_equal(s.frame.processes.n, 2);
    (void)row_of(&s, 200, "0000:03:00.0");
    /* A descriptor now leads to something else; the device of another goes. */
    put_fd(&s.f, 50, 7, "/etc/passwd", "pos: 0\n");
    sample(&s, 2 * CLIENTS_SCAN_NS + 2);
    assert_int_equal(s.frame.processes.n, 1);
    fixture_drop(&s.f, "sys/class/drm/card0");
    fixture_drop(&s.f, "sys/class/drm/renderD128");
    sample(&s, 4 * CLIENTS_SCAN_NS);
    assert_int_equal(s.frame.processes.n, 0);
    assert_int_equal(s.frame.gpus.n, 1);
    tear_down(&s);
}

static void more_clients_than_kept_files(void **state) {
    (void)state;
    struct setup s;
    enum { CLIENTS = CLIENT_FILES_MAX + 44 };
    set_up(&s);
    for (unsigned i = 0; i < CLIENTS; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, I915("%u", "%u") "drm-resident-local0: 1\n", i, i);
        put_fd(&s.f, 1 + i / 100, i % 100, "/dev/dri/renderD128", text);
    }
    open_clients(&s);
    sample(&s, 1);
    sample(&s, 2);
    assert_int_equal(s.frame.processes.n, 3);
    assert_int_equal(row_of(&s, 3, "0000:03:00.0")->used_memory, 100);
    size_t open_files = 0;
    for (int fd = 0; fd < 1024; fd++)
        open_files += fcntl(fd, F_GETFD) != -1;
    assert_true(open_files < CLIENT_FILES_MAX + 40);
    tear_down(&s);
}

static void rubbish_in_procfs(void **state) {
    (void)state;
    struct setup s;
    set_up(&s);
    char huge[100 << 10];
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    put_fd(&s.f, 100, 3, "/dev/dri/renderD128", huge);
    put_fd(&s.f, 101, 3, "/dev/dri/renderD128", "");
    put_fd(&s.f, 102, 3, "/dev/dri/", I915("1", "0"));
    put_fd(&s.f, 103, 3, "/dev/dri/renderD999", I915("2", "0"));
    put_fd(&s.f, 104, 3, "/dev/dri/renderD128\n", I915("3", "0"));
    put_link(&s.f, "/dev/dri/renderD128", "proc/105/fd/3"); /* no fdinfo */
    put_link(&s.f, "/dev/dri/renderD128", "proc/106/fd/-3");
    put_link(&s.f, "/dev/dri/renderD128", "proc/107/fd/99999999999999999999");
    fixture_put_bytes(&s.f, "proc/108/fd", "no directory", 12);
    put_link(&s.f, "/dev/dri/renderD128", "proc/109/fd/1");
    fixture_put(&s.f, "proc/109/fdinfo/1/file", "a directory in its place");
    put_fd(&s.f, 110, 1, "/dev/dri/renderD128", "drm-driver: evil\ndrm-pdev: ../../etc\ndrm-client-id: 7\n");
    open_clients(&s);
    sample(&s, 1);
    assert_int_equal(s.frame.processes.n, 1);
    assert_false(known_u64(row_of(&s, 110, "0000:03:00.0")->used_memory));
    assert_false(known_text(row_of(&s, 110, "0000:03:00.0")->gpu_memory_kind));
    tear_down(&s);
}

static void without_devices(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    struct gpu_clients *clients = NULL;
    fixture_init(&f);
    struct collect_options options = fixture_options(&f, 1U << SECTION_GPU);
    assert_int_equal(gpu_clients_create(&options, &clients, &err), -ERR_ABSENT);
    fixture_drop(&f, "proc");
    put_devices(&f);
    assert_int_equal(gpu_clients_create(&options, &clients, &err), -ERR_ABSENT);
    gpu_clients_destroy(NULL);
    fixture_done(&f);
}

/* The machine's own processes: none of them may upset it, and a second scan finds what the first one found. */
static void this_machine(void **state) {
    (void)state;
    struct setup s;
    set_up(&s);
    struct collect_options options = fixture_options(&s.f, 1U << SECTION_GPU);
    options.roots.procfs = "/proc";
    assert_ok(gpu_clients_create(&options, &s.clients, &err), err);
    sample(&s, 1);
    sample(&s, CLIENTS_SCAN_NS + 1);
    assert_int_equal(s.frame.gpus.n, 2);
    tear_down(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_devices),
        cmocka_unit_test(engines_that_were_busy),
        cmocka_unit_test(idleness_needs_sight_of_all),
        cmocka_unit_test(clients_come_and_go),
        cmocka_unit_test(more_clients_than_kept_files),
        cmocka_unit_test(rubbish_in_procfs),
        cmocka_unit_test(without_devices),
        cmocka_unit_test(this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
