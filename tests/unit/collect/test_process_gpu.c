/* tests/unit/collect/test_process_gpu.c: a row for every process and graphics card that it uses. */
#include "fixture.h"

#include "collect/collectors.h"
#include "frame/frame.h"

static struct error err;

/* What the drivers say in this test. */
static struct process users[8];
static size_t n_users;

static int drivers_open(const struct collect_options *options, void **ret, struct error *e) {
    (void)options;
    (void)e;
    *ret = &n_users;
    return 0;
}
static int drivers_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *e) {
    (void)self;
    (void)cycle;
    (void)e;
    into->gpus.asked = true;
    for (size_t i = 0; i < n_users; i++) {
        struct process *row = frame_add(&into->arena, &into->processes.list, &process_table);
        assert_non_null(row);
        *row = users[i];
    }
    return 0;
}
static void drivers_close(void *self) {
    (void)self;
}
static const struct collector drivers = {
    .name = "drivers", .section = SECTION_GPU, .open = drivers_open, .sample = drivers_sample, .close = drivers_close};

static void use(uint64_t pid, uint64_t device, const char *uuid, uint64_t memory) {
    struct process *row = &users[n_users++];
    field_clear(&process_table, row);
    row->pid = pid;
    row->device_id = device;
    row->device_uuid = text_of(uuid);
    row->used_memory = memory;
    row->gpu_utilization = 50;
    row->gpu_memory_kind = TEXT("vram");
}

static void put_process(const struct fixture *f, unsigned pid, const char *comm) {
    char name[64];
    char text[256];
    (void)snprintf(name, sizeof name, "proc/%u/stat", pid);
    (void)snprintf(
        text, sizeof text, "%u (%s) S 1 1 1 0 -1 4194304 0 0 0 0 1 0 0 0 20 0 1 0 100 4096 1 0 0 0\n", pid, comm);
    fixture_put(f, name, text);
    (void)snprintf(name, sizeof name, "proc/%u/comm", pid);
    (void)snprintf(text, sizeof text, "%s\n", comm);
    fixture_put(f, name, text);
}

static struct collect *open_source(const struct fixture *f, enum process_choice choice) {
    static const struct collector *const list[] = {&process_collector, &drivers, NULL};
    struct collect_options options = fixture_options(f, 1U << SECTION_PROCESS | 1U << SECTION_GPU);
    struct collect *c = NULL;
    options.processes = choice;
    assert_ok(collect_open(list, &options, &c, &err), err);
    return c;
}

static void check_row(const struct process *p, uint64_t pid, uint64_t device, const char *uuid, uint64_t memory) {
    assert_int_equal(p->pid, pid);
    assert_int_equal(p->device_id, device);
    assert_text(p->device_uuid, uuid);
    assert_int_equal(p->used_memory, memory);
    assert_int_equal(p->uses_gpu, YES);
    assert_float_equal(p->gpu_utilization, 50, 0);
    assert_text(p->gpu_memory_kind, "vram");
    assert_text(p->host_id, "node");
}

static void begin(struct fixture *f) {
    fixture_init(f);
    fixture_put(f, "proc/sys/kernel/hostname", "node\n");
    put_process(f, 50, "idle");
    put_process(f, 60, "train");
    n_users = 0;
}

static void a_row_for_each_card(void **state) {
    (void)state;
    struct fixture f;
    struct frame frame;
    begin(&f);
    put_process(&f, 2, "kthreadd"); /* the machine's first process namespace */
    frame_init(&frame);
    use(60, 1, "GPU-b", 2000);
    use(999, 0, "GPU-a", 3000); /* ended just now, or of a namespace beside ours */
    use(60, 0, "GPU-a", 1000);
    struct collect *c = open_source(&f, PROCESSES_GPU);
    for (int i = 0; i < 2; i++) {
        assert_ok(collect_sample(c, &frame, &err), err);
        assert_int_equal(frame.errors.n, 0);
        assert_int_equal(frame.processes.n, 3);
        const struct process *rows = frame.processes.at;
        check_row(&rows[0], 60, 0, "GPU-a", 1000);
        check_row(&rows[1], 60, 1, "GPU-b", 2000);
        check_row(&rows[2], 999, 0, "GPU-a", 3000);
        assert_text(rows[0].process_name, "train");
        assert_text(rows[1].process_name, "train");
        assert_int_equal(rows[1].start_ticks, 100);
        assert_false(known_text(rows[2].process_name) || known_u64(rows[2].memory_rss));
    }
    n_users = 0;
    assert_ok(collect_sample(c, &frame, &err), err);
    assert_int_equal(frame.processes.n, 0);
    assert_true(frame.processes.asked);
    assert_int_equal(collect_close(c), 0);
    frame_done(&frame);
    fixture_done(&f);
}

static void others_have_their_rows_too(void **state) {
    (void)state;
    struct fixture f;
    struct frame frame;
    begin(&f);
    put_process(&f, 2, "kthreadd");
    frame_init(&frame);
    use(60, 3, "GPU-d", 7);
    struct collect *c = open_source(&f, PROCESSES_ALL);
    assert_ok(collect_sample(c, &frame, &err), err);
    assert_int_equal(frame.processes.n, 3);
    assert_int_equal(frame.processes.at[1].uses_gpu, NO);
    assert_text(frame.processes.at[1].device_uuid, "");
    check_row(&frame.processes.at[2], 60, 3, "GPU-d", 7);
    fixture_drop(
        &f, "proc/60"); /* it ends while the card's driver still counts it: what was known of it stays with it */
    assert_ok(collect_sample(c, &frame, &err), err);
    assert_int_equal(frame.processes.n, 3);
    check_row(&frame.processes.at[2], 60, 3, "GPU-d", 7);
    assert_text(frame.processes.at[2].process_name, "train");
    assert_int_equal(collect_close(c), 0);
    frame_done(&frame);
    fixture_done(&f);
}

/* Where numbers may be another namespace's, only who holds a card's device open is taken for its user. */
static void numbers_of_another_namespace(void **state) {
    (void)state;
    struct fixture f;
    struct frame frame;
    char from[160];
    begin(&f);
    fixture_put(&f, "proc/60/fd/README", "a folder of links\n");
    (void)snprintf(from, sizeof from, "%s/60/fd/7", f.proc);
    assert_int_equal(symlink("/dev/nvidia0", from), 0);
    frame_init(&frame);
    use(50, 0, "GPU-a", 1); /* that is someone else's 50 */
    use(60, 0, "GPU-a", 2);
    use(70, 0, "GPU-a", 3);
    struct collect *c = open_source(&f, PROCESSES_GPU);
    assert_ok(collect_sample(c, &frame, &err), err);
    assert_int_equal(frame.processes.n, 1);
    check_row(&frame.processes.at[0], 60, 0, "GPU-a", 2);
    assert_int_equal(collect_close(c), 0);
    frame_done(&frame);
    fixture_done(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_for_each_card),
        cmocka_unit_test(others_have_their_rows_too),
        cmocka_unit_test(numbers_of_another_namespace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
