/* tests/unit/collect/test_gpu_npu.c: Intel's NPUs out of a fixture tree. */
#include "fixture.h"

#include "collect/gpu/drivers.h"

#define NPU "sys/class/accel/accel0/device/"

static struct error err;

static void put_machine(const struct fixture *x) {
    fixture_put(x, NPU "uevent", "DRIVER=intel_vpu\nPCI_ID=8086:7D1D\nPCI_SLOT_NAME=0000:00:0b.0\n");
    fixture_put(x, NPU "npu_busy_time_us", "5000000\n");
    fixture_put(x, NPU "npu_memory_utilization", "1048576\n");
    fixture_put(x, NPU "npu_current_frequency_mhz", "1400\n");
    fixture_put(x, NPU "numa_node", "0\n");
    fixture_put(x, "sys/class/accel/accel1/device/uevent", "DRIVER=qaic\nPCI_SLOT_NAME=0000:00:0c.0\n");
    fixture_put(x, "rootfs/usr/share/misc/pci.ids", "8086  Intel\n\t7d1d  Meteor Lake NPU\n");
}

/* One sample at a second of the monotonic clock; the frame is the caller's to end. */
static int sample_at(void *card, int second, struct frame *f) {
    struct cycle cycle = {.host_id = TEXT("node"), .mono_ns = (second + 1) * INT64_C(1000000000)};
    frame_reset(f);
    return npu_driver.sample(card, &cycle, f, &err);
}

static void an_npu_is_read(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    char keys[GPU_CARDS_MAX][GPU_KEY_MAX];
    void *driver = NULL;
    void *card = NULL;
    struct frame f;
    fixture_init(&x);
    frame_init(&f);
    put_machine(&x);
    struct collect_options options = fixture_options(&x, ~0U);
    assert_ok(npu_driver.open(&options, &driver, &err), err);
    assert_int_equal(npu_driver.list(driver, keys, GPU_CARDS_MAX, &err), 1); /* the other is of another driver */
    assert_string_equal(keys[0], "0000:00:0b.0");
    assert_ok(npu_driver.attach(driver, keys[0], &card, &err), err);

    assert_ok(sample_at(card, 0, &f), err);
    assert_int_equal(f.gpus.n, 1);
    assert_text(f.gpus.at[0].name, "Meteor Lake NPU");
    assert_text(f.gpus.at[0].uuid, "GPU-node-0000:00:0b.0");
    assert_text(f.gpus.at[0].device_type, "NPU");
    assert_text(f.gpus.at[0].vendor, "intel");
    assert_text(f.gpus.at[0].pci_bus_id, "0000:00:0b.0");
    assert_int_equal(f.gpus.at[0].used_memory, 1048576);
    assert_int_equal(f.gpus.at[0].frequency, 1400);
    assert_false(known_f64(f.gpus.at[0].utilization)); /* a share needs two readings */
    assert_false(known_u64(f.gpus.at[0].total_memory) || known_u64(f.gpus.at[0].temperature));

    fixture_put(&x, NPU "npu_busy_time_us", "5250000\n");
    fixture_put(&x, NPU "npu_current_frequency_mhz", "0\n");
    assert_ok(sample_at(card, 1, &f), err);
    assert_float_equal(f.gpus.at[0].utilization, 25.0, 1e-9);
    assert_false(known_u64(f.gpus.at[0].frequency));      /* asleep */
    fixture_put(&x, NPU "npu_busy_time_us", "9250000\n"); /* four seconds within one */
    assert_ok(sample_at(card, 2, &f), err);
    assert_false(known_f64(f.gpus.at[0].utilization));
    fixture_put(&x, NPU "npu_busy_time_us", "100\n"); /* a reset */
    assert_ok(sample_at(card, 3, &f), err);
    assert_false(known_f64(f.gpus.at[0].utilization));
    fixture_put(&x, NPU "npu_busy_time_us", "rubbish\n");
    assert_ok(sample_at(card, 4, &f), err);
    assert_false(known_f64(f.gpus.at[0].utilization));
    fixture_drop(&x, NPU);
    assert_int_equal(sample_at(card, 5, &f), -ERR_ABSENT);
    assert_string_equal(err.text, "has gone");
    assert_int_equal(f.gpus.n, 0);
    assert_int_equal(npu_driver.list(driver, keys, GPU_CARDS_MAX, &err), 0);
    npu_driver.detach(card);
    npu_driver.close(driver);
    frame_done(&f);
    fixture_done(&x);
}

static void what_is_said_of_it(void **state) {
    (void)state;
    struct fixture x = {.root = ""};
    struct report r = {.identifiers = false};
    void *driver = NULL;
    fixture_init(&x);
    struct collect_options options = fixture_options(&x, ~0U);
    assert_int_equal(npu_driver.open(&options, &driver, &err), -ERR_ABSENT);
    npu_driver.explain(&options, &r);
    assert_int_equal(r.findings.n, 1);
    assert_int_equal(r.findings.at[0].state, MISSING);
    report_done(&r);
    put_machine(&x);
    npu_driver.explain(&options, &r);
    assert_int_equal(r.findings.n, 1);
    assert_int_equal(r.findings.at[0].state, READABLE);
    assert_text(r.findings.at[0].source, "npu 0000:00:0b.0");
    report_done(&r);
    fixture_drop(&x, NPU "npu_busy_time_us");
    npu_driver.explain(&options, &r);
    assert_int_equal(r.findings.at[0].state, PARTLY);
    report_done(&r);
    fixture_done(&x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_npu_is_read),
        cmocka_unit_test(what_is_said_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
