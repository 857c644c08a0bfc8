/* tests/unit/collect/test_gpu_drm.c: cards of other drivers in the kernel, out of fixture trees. */
#include "gpu_card.h"

#include <math.h>

#include "collect/gpu/devfreq.h"

#define DEVICE "sys/devices/soc/fde60000.gpu/"

static struct gpu_cards cards;

static void open_cards(const struct fixture *f, int n) {
    struct collect_options options = fixture_options(f, 1U << SECTION_GPU);
    gpu_cards_open(&cards, &drm_driver, &options);
    assert_int_equal(cards.n, n);
}

static void put_panfrost(const struct fixture *f) {
    fixture_put(f, DEVICE "uevent", "DRIVER=panfrost\nOF_NAME=gpu\n");
    fixture_put_bytes(f, DEVICE "of_node/compatible", "rockchip,rk3568-mali\0arm,mali-bifrost", 38);
    fixture_put(f, DEVICE "devfreq/fde60000.gpu/cur_freq", "800000000\n");
    fixture_put(f, DEVICE "devfreq/fde60000.gpu/max_freq", "1000000000\n");
    fixture_put(f, DEVICE "devfreq/fde60000.gpu/load", "45@800000000Hz\n");
    gpu_put_link(f, "../../../devices/soc/fde60000.gpu", "sys/class/drm/card0/device");
    gpu_put_link(f, "../../../devices/soc/fde60000.gpu", "sys/class/drm/renderD128/device");
}

static void loads(void **state) {
    (void)state;
    assert_true(devfreq_parse_load(TEXT("45@600000000Hz\n")) == 45);
    assert_true(devfreq_parse_load(TEXT("100")) == 100);
    assert_true(devfreq_parse_load(TEXT("7%")) == 7);
    static const char *const wrong[] = {"", "@", "101", "-1", "x@1", "nan", "4 5"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_true(isnan(devfreq_parse_load(text_of(wrong[i]))));
    assert_true(isnan(devfreq_parse_load((struct text){NULL, 0})));
}

static void a_card_of_a_device_tree(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    put_panfrost(&f);
    open_cards(&f, 1);
    assert_string_equal(cards.keys[0], "fde60000.gpu");
    assert_ok(gpu_cards_sample(&cards), cards.err);
    const struct gpu *gpu = cards.frame.gpus.at;
    assert_text(gpu->name, "rockchip,rk3568-mali");
    assert_text(gpu->vendor, "other");
    assert_text(gpu->pci_bus_id, "fde60000.gpu");
    assert_text(gpu->uuid, "GPU-node-07-fde60000.gpu");
    assert_text(gpu_detail_of(gpu, "driver"), "panfrost");
    assert_text(gpu_detail_of(gpu, "frequency_max"), "1000");
    assert_int_equal(gpu->frequency, 800);
    assert_true(gpu->utilization == 45);
    assert_false(known_u64(gpu->temperature) || known_u64(gpu->total_memory) || known_u64(gpu->pcie_width));
    /* The kernel's own devfreq tells no load, and values may be rubbish. */
    fixture_drop(&f, DEVICE "devfreq/fde60000.gpu/load");
    fixture_put(&f, DEVICE "devfreq/fde60000.gpu/cur_freq", "99999999999999\n");
    fixture_put(&f, DEVICE "devfreq/fde60000.gpu/max_freq", "");
    assert_ok(gpu_cards_sample(&cards), cards.err);
    gpu = cards.frame.gpus.at;
    assert_true(isnan(gpu->utilization));
    assert_false(known_u64(gpu->frequency) || known_text(gpu_detail_of(gpu, "frequency_max")));
    fixture_drop(&f, "sys/class/drm/card0");
    assert_int_equal(gpu_cards_sample(&cards), -ERR_STALE);
    gpu_cards_close(&cards);
    fixture_done(&f);
}

static void put_node(const struct fixture *f, const char *node, const char *uevent) {
    char name[128];
    (void)snprintf(name, sizeof name, "sys/class/drm/%s/device/uevent", node);
    fixture_put(f, name, uevent);
}

static void a_card_of_nouveau(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    put_node(&f, "card0", "DRIVER=nouveau\nPCI_ID=10DE:1B80\nPCI_SLOT_NAME=0000:01:00.0\n");
    put_node(&f, "renderD128", "DRIVER=nouveau\nPCI_ID=10DE:1B80\nPCI_SLOT_NAME=0000:01:00.0\n");
    fixture_put(&f, "rootfs/usr/share/misc/pci.ids", "10de  NVIDIA Corporation\n\t1b80  GP104 [GeForce GTX 1080]\n");
    fixture_put(&f, "sys/class/drm/card0/device/hwmon/hwmon3/name", "nouveau\n");
    fixture_put(&f, "sys/class/drm/card0/device/hwmon/hwmon3/temp1_input", "44000\n");
    fixture_put(&f, "sys/class/drm/card0/device/hwmon/hwmon3/fan1_input", "1200\n");
    fixture_put(&f, "sys/class/drm/card0/device/hwmon/hwmon3/power1_input", "38000000\n");
    open_cards(&f, 1);
    assert_ok(gpu_cards_sample(&cards), cards.err);
    const struct gpu *gpu = cards.frame.gpus.at;
    assert_text(gpu->name, "NVIDIA GeForce GTX 1080");
    assert_text(gpu->vendor, "nvidia");
    assert_int_equal(gpu->temperature, 44);
    assert_int_equal(gpu->fan_speed_rpm, 1200);
    assert_true(gpu->power_consumption == 38);
    assert_true(isnan(gpu->utilization));
    gpu_cards_close(&cards);
    fixture_done(&f);
}

static void cards_that_are_not_ours(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    struct report report = {.identifiers = false};
    fixture_init(&f);
    struct collect_options options = fixture_options(&f, 1U << SECTION_GPU);
    open_cards(&f, -ERR_ABSENT);
    gpu_cards_close(&cards);
    drm_driver.explain(&options, &report);
    assert_int_equal(report.findings.n, 1);
    assert_int_equal(report.findings.at[0].state, MISSING);
    report_done(&report);
    static const char *const others[] = {"nvidia", "i915", "xe", "amdgpu", "virtio_gpu", "vgem"};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        char node[32];
        char uevent[128];
        (void)snprintf(uevent, sizeof uevent, "DRIVER=%s\nPCI_SLOT_NAME=0000:0%zu:00.0\n", others[i], i + 1);
        (void)snprintf(node, sizeof node, "card%zu", i + 1);
        put_node(&f, node, uevent);
        (void)snprintf(node, sizeof node, "renderD%zu", 129 + i);
        put_node(&f, node, uevent);
    }
    put_node(&f, "card9", "DRIVER=ast\nPCI_ID=1A03:2000\nPCI_SLOT_NAME=0000:09:00.0\n"); /* no render node */
    put_node(&f, "renderD140", "PCI_SLOT_NAME=0000:0a:00.0\n");                          /* no driver, no card */
    open_cards(&f, -ERR_ABSENT);
    gpu_cards_close(&cards);
    drm_driver.explain(&options, &report);
    assert_int_equal(report.findings.n, 1);
    assert_text(report.findings.at[0].source, "drm: 0000:09:00.0 (ast)");
    assert_int_equal(report.findings.at[0].state, MISSING);
    report_done(&report);
    put_panfrost(&f);
    drm_driver.explain(&options, &report);
    assert_int_equal(report.findings.n, 2);
    report_done(&report);
    fixture_done(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads),
        cmocka_unit_test(a_card_of_a_device_tree),
        cmocka_unit_test(a_card_of_nouveau),
        cmocka_unit_test(cards_that_are_not_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
