/* tests/unit/collect/test_gpu_fdinfo.c: what drivers of DRM tell of a client, and the shares that follow from it. */
#include "test.h"

#include <math.h>
#include <stdio.h>

#include "collect/gpu/usage.h"
#include "frame/model.h"

#define SECOND INT64_C(1000000000)

static struct fdinfo parse(const char *text) {
    struct fdinfo f;
    assert_true(fdinfo_parse(text_of(text), &f));
    return f;
}

static uint64_t memory_of(const char *text, bool local) {
    struct fdinfo f = parse(text);
    bool is_local = !local;
    uint64_t bytes = fdinfo_memory(&f, &is_local);
    assert_int_equal(is_local, local);
    return bytes;
}

static const struct fdinfo_engine *engine(const struct fdinfo *f, const char *name) {
    for (size_t i = 0; i < f->n_engines; i++)
        if (text_is(f->engines[i].name, name))
            return &f->engines[i];
    fail_msg("no engine %s", name);
    return NULL;
}

static void amdgpu(void **state) {
    (void)state;
    struct fdinfo f =
        parse("pos:\t0\nflags:\t02400002\nmnt_id:\t24\nino:\t1\ndrm-driver:\tamdgpu\ndrm-client-id:\t42\n"
              "drm-pdev:\t0000:03:00.0\npasid:\t32771\ndrm-memory-vram:\t1024 KiB\ndrm-memory-gtt: \t2048 KiB\n"
              "drm-total-vram:\t1 MiB\ndrm-resident-vram:\t512 KiB\ndrm-shared-vram:\t0\n"
              "amd-evicted-vram:\t7 KiB\ndrm-engine-gfx:\t1234567 ns\ndrm-engine-enc_1:\t5 ns\n"
              "drm-engine-capacity-dma:\t2\ndrm-engine-dma:\t9 ns\n");
    assert_text(f.driver, "amdgpu");
    assert_text(f.pdev, "0000:03:00.0");
    assert_int_equal(f.client_id, 42);
    assert_int_equal(engine(&f, "gfx")->busy_ns, 1234567);
    assert_int_equal(engine(&f, "gfx")->capacity, 1);
    assert_int_equal(engine(&f, "dma")->capacity, 2);
    assert_int_equal(f.n_engines, 3);
    assert_int_equal(
        memory_of("drm-driver: amdgpu\ndrm-memory-vram: 1024 KiB\ndrm-memory-gtt: 9 KiB\n", true), 1 << 20);
    assert_int_equal(
        memory_of("drm-driver: amdgpu\ndrm-memory-vram: 1 MiB\ndrm-resident-vram: 512 KiB\n", true), 512 << 10);
    assert_int_equal(
        memory_of("drm-driver: amdgpu\ndrm-resident-vram: 512 KiB\ndrm-memory-vram: 1 MiB\n", true), 512 << 10);
}

static void amdgpu_of_old(void **state) {
    (void)state;
    const char *text = "pos:\t0\npdev:\t0000:03:00.0\npasid:\t32771\nvram mem:\t1000 kB\ngtt mem:\t5 kB\n"
                       "gfx0:\t12.34%\ngfx1:\t3.00%\ndma0:\t1e9%\ncpu0:\t5%\n";
    struct fdinfo f = parse(text);
    struct usage u = {.n = 0};
    assert_text(f.driver, "amdgpu");
    assert_int_equal(f.client_id, 32771);
    assert_int_equal(memory_of(text, true), 1000 << 10);
    usage_update(&u, &f, SECOND);
    struct usage_sum sum = {.n = 0};
    usage_sum_add(&sum, &u);
    assert_true(usage_sum_busiest(&sum) == 12.34);
}

static void others(void **state) {
    (void)state;
    const char *panfrost =
        "drm-driver:\tpanfrost\ndrm-client-id:\t3\ndrm-engine-fragment:\t100 ns\n"
        "drm-cycles-fragment:\t50\ndrm-maxfreq-fragment:\t800000000 Hz\n"
        "drm-curfreq-fragment:\t600000000 Hz\ndrm-total-memory:\t4 MiB\ndrm-resident-memory:\t3 MiB\n";
    struct fdinfo f = parse(panfrost);
    assert_false(known_text(f.pdev));
    assert_int_equal(engine(&f, "fragment")->busy_ns, 100);
    assert_int_equal(engine(&f, "fragment")->max_hz, 800000000);
    assert_int_equal(memory_of(panfrost, false), 3 << 20);
    /* i915, integrated and not: what the firmware took is left out. */
    assert_int_equal(memory_of("drm-driver: i915\ndrm-total-system0: 8 MiB\ndrm-resident-system0: 5 MiB\n"
                               "drm-total-stolen-system0: 64 MiB\n",
                         false),
        5 << 20);
    assert_int_equal(memory_of("drm-driver: i915\ndrm-resident-system0: 5 MiB\ndrm-resident-local0: 0\n", true), 0);
    f = parse("drm-driver: xe\ndrm-cycles-rcs: 10\ndrm-total-cycles-rcs: 100\ndrm-total-cycles-vcs: 7\n"
              "drm-engine-capacity-vcs: 999\n");
    assert_int_equal(engine(&f, "rcs")->total_cycles, 100);
    assert_int_equal(engine(&f, "vcs")->capacity, 1);
    assert_int_equal(f.n_regions, 0); /* "cycles-rcs" is none */
}

static void what_is_none(void **state) {
    (void)state;
    struct fdinfo f;
    assert_false(fdinfo_parse(TEXT(""), &f));
    assert_false(fdinfo_parse((struct text){NULL, 0}, &f));
    assert_false(fdinfo_parse(TEXT("pos:\t0\nflags:\t02\neventfd-count: 3\n"), &f));
    assert_false(fdinfo_parse(TEXT("drm-driver:\ndrm-client-id: 1\n"), &f));
    assert_false(fdinfo_parse(TEXT("drm-driver\n"), &f));
}

static void rubbish(void **state) {
    (void)state;
    struct fdinfo f =
        parse("drm-driver: x\ndrm-client-id: 99999999999999999999999\ndrm-engine-: 5 ns\n"
              "drm-engine-a: -5 ns\ndrm-engine-b: 5 parsecs\ndrm-resident-vram: 18446744073709551615 MiB\n"
              "drm-engine-abcdefghijklmnopqrstuvwxyz: 5 ns\ndrm-resident-\ndrm-engine-capacity-c: 0\n");
    bool local;
    assert_false(known_u64(f.client_id));
    assert_int_equal(f.n_engines, 1);
    assert_int_equal(engine(&f, "c")->capacity, 1);
    assert_false(known_u64(fdinfo_memory(&f, &local)));

    /* More engines and regions than there is room for. */
    char text[16 << 10] = "drm-driver: x\n";
    for (int i = 0; i < 100; i++)
        (void)snprintf(
            text + strlen(text), sizeof text - strlen(text), "drm-engine-e%d: 1 ns\ndrm-total-r%d: 1\n", i, i);
    f = parse(text);
    assert_int_equal(f.n_engines, FDINFO_ENGINES_MAX);
    assert_int_equal(f.n_regions, FDINFO_REGIONS_MAX);
    assert_int_equal(fdinfo_memory(&f, &local), FDINFO_REGIONS_MAX);
}

static double share_after(struct usage *u, const char *text, int64_t mono_ns) {
    struct fdinfo f = parse(text);
    struct usage_sum sum = {.n = 0};
    usage_update(u, &f, mono_ns);
    usage_sum_add(&sum, u);
    return usage_sum_busiest(&sum);
}

static void time_becomes_a_share(void **state) {
    (void)state;
    struct usage u = {.n = 0};
    assert_true(isnan(share_after(&u, "drm-driver: i915\ndrm-engine-render: 5000000000 ns\n", SECOND)));
    assert_true(share_after(&u, "drm-driver: i915\ndrm-engine-render: 5250000000 ns\n", 2 * SECOND) == 25);
    /* A class of two engines; it is new, and what it had before is not told. */
    assert_true(share_after(&u, "drm-driver: i915\ndrm-engine-render: 5250000000 ns\ndrm-engine-video: 7 ns\n",
                    3 * SECOND) == 0);
    assert_true(share_after(&u,
                    "drm-driver: i915\ndrm-engine-render: 5250000000 ns\ndrm-engine-video: 1000000007 ns\n"
                    "drm-engine-capacity-video: 2\n",
                    4 * SECOND) == 50);
}

static void a_step_back_is_waited_out(void **state) {
    (void)state;
    struct usage u = {.n = 0};
    (void)share_after(&u, "drm-driver: x\ndrm-engine-gpu: 1000000000 ns\n", SECOND);
    assert_true(share_after(&u, "drm-driver: x\ndrm-engine-gpu: 900000000 ns\n", 2 * SECOND) == 0);
    assert_true(share_after(&u, "drm-driver: x\ndrm-engine-gpu: 1100000000 ns\n", 3 * SECOND) == 10);
    /* One that never comes back has begun anew. */
    (void)share_after(&u, "drm-driver: x\ndrm-engine-gpu: 100000000000000 ns\n", 4 * SECOND);
    assert_true(isnan(share_after(&u, "drm-driver: x\ndrm-engine-gpu: 5 ns\n", 5 * SECOND)));
    assert_true(share_after(&u, "drm-driver: x\ndrm-engine-gpu: 500000005 ns\n", 6 * SECOND) == 50);
}

static void absurd_shares_are_unknown(void **state) {
    (void)state;
    struct usage u = {.n = 0};
    (void)share_after(&u, "drm-driver: x\ndrm-engine-gpu: 0 ns\n", SECOND);
    assert_true(isnan(share_after(&u, "drm-driver: x\ndrm-engine-gpu: 18446744073709551614 ns\n", 2 * SECOND)));
    u = (struct usage){.n = 0};
    (void)share_after(&u, "drm-driver: x\ndrm-engine-gpu: 0 ns\n", SECOND);
    assert_true(
        share_after(&u, "drm-driver: x\ndrm-engine-gpu: 3000000000 ns\n", 2 * SECOND) == 100); /* some engines */
    /* A reading right behind another tells nothing new. */
    assert_true(share_after(&u, "drm-driver: x\ndrm-engine-gpu: 3000900000 ns\n", 2 * SECOND + 1000) == 100);
}

static void cycles_become_a_share(void **state) {
    (void)state;
    struct usage u = {.n = 0};
    assert_true(isnan(share_after(&u, "drm-driver: xe\ndrm-cycles-rcs: 10\ndrm-total-cycles-rcs: 100\n", SECOND)));
    assert_true(share_after(&u, "drm-driver: xe\ndrm-cycles-rcs: 60\ndrm-total-cycles-rcs: 200\n", 2 * SECOND) == 50);
    /* Its clock stood still. */
    assert_true(isnan(share_after(&u, "drm-driver: xe\ndrm-cycles-rcs: 60\ndrm-total-cycles-rcs: 200\n", 3 * SECOND)));
    u = (struct usage){.n = 0};
    (void)share_after(&u, "drm-driver: msm\ndrm-cycles-gpu: 0\ndrm-maxfreq-gpu: 800 MHz\n", SECOND);
    assert_true(
        share_after(&u, "drm-driver: msm\ndrm-cycles-gpu: 200000000\ndrm-maxfreq-gpu: 800 MHz\n", 2 * SECOND) == 25);
}

static void clients_are_summed_up(void **state) {
    (void)state;
    static const char *const video[] = {"video", "vcs", NULL};
    static const char *const none[] = {"jpeg", NULL};
    struct usage a = {.engines = {{.name = "render", .share = 30}, {.name = "video", .share = 80}}, .n = 2};
    struct usage b = {.engines = {{.name = "render", .share = 60}, {.name = "copy", .share = NAN}}, .n = 2};
    struct usage_sum sum = {.n = 0};
    assert_true(isnan(usage_sum_busiest(&sum)));
    usage_sum_add(&sum, &a);
    usage_sum_add(&sum, &b);
    assert_true(usage_sum_busiest(&sum) == 90);
    assert_true(usage_sum_of(&sum, video) == 80);
    assert_true(isnan(usage_sum_of(&sum, none)));
    usage_sum_add(&sum, &b);
    assert_true(usage_sum_busiest(&sum) == 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amdgpu),
        cmocka_unit_test(amdgpu_of_old),
        cmocka_unit_test(others),
        cmocka_unit_test(what_is_none),
        cmocka_unit_test(rubbish),
        cmocka_unit_test(time_becomes_a_share),
        cmocka_unit_test(a_step_back_is_waited_out),
        cmocka_unit_test(absurd_shares_are_unknown),
        cmocka_unit_test(cycles_become_a_share),
        cmocka_unit_test(clients_are_summed_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
