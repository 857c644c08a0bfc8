/* tests/unit/collect/test_sensor_names.c: what names, labels and values of sensors mean; energy counters that wrap. */
#include "test.h"

#include <math.h>

#include "base/clock.h"
#include "collect/sensors/energy.h"
#include "collect/sensors/names.h"
#include "collect/sensors/rapl.h"

static void values_have_units(void **state) {
    (void)state;
    assert_true(sensor_parse(SENSOR_TEMPERATURE, TEXT("45500")) == 45.5);
    assert_true(sensor_parse(SENSOR_TEMPERATURE, TEXT("-5000")) == -5.0);
    assert_true(sensor_parse(SENSOR_FAN, TEXT("12400")) == 12400.0);
    assert_true(sensor_parse(SENSOR_FAN, TEXT("0")) == 0.0);
    assert_true(sensor_parse(SENSOR_POWER, TEXT("412500000")) == 412.5);
    assert_true(sensor_parse(SENSOR_VOLTAGE, TEXT("230500")) == 230.5);
}

static void absurd_values_are_unknown(void **state) {
    (void)state;
    static const struct {
        enum sensor_kind kind;
        const char *text;
    } absurd[] = {{SENSOR_FAN, "200000"}, {SENSOR_FAN, "-1"}, {SENSOR_TEMPERATURE, "-60000"},
        {SENSOR_TEMPERATURE, "255001"}, {SENSOR_TEMPERATURE, ""}, {SENSOR_TEMPERATURE, "warm"},
        {SENSOR_TEMPERATURE, "40000 C"}, {SENSOR_POWER, "-3000000"}, {SENSOR_POWER, "99999999999999"},
        {SENSOR_POWER, "99999999999999999999999"}, {SENSOR_VOLTAGE, "1000001"}};
    for (size_t i = 0; i < COUNT_OF(absurd); i++)
        assert_true(isnan(sensor_parse(absurd[i].kind, text_of(absurd[i].text))));
    assert_false(sensor_plausible(SENSOR_POWER, NAN));
}

static void attributes_are_recognised(void **state) {
    (void)state;
    struct sensor_attribute a;
    assert_true(sensor_parse_attribute(TEXT("temp12_input"), &a));
    assert_int_equal(a.kind, SENSOR_TEMPERATURE);
    assert_int_equal(a.channel, 12);
    assert_text(a.property, "input");
    assert_true(sensor_parse_attribute(TEXT("power1_average"), &a));
    assert_int_equal(a.kind, SENSOR_POWER);
    assert_true(sensor_parse_attribute(TEXT("in0_label"), &a));
    assert_int_equal(a.kind, SENSOR_VOLTAGE);
    static const char *const others[] = {"temp1_crit", "temp_input", "tempx_input", "temp1", "intrusion0_alarm",
        "fan99999_input", "temp1_", "pwm1", "name", "", "power1_cap", "in1_input_2", "fan-1_input"};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_false(sensor_parse_attribute(text_of(others[i]), &a));
}

static void chips_belong_somewhere(void **state) {
    (void)state;
    assert_int_equal(chip_side_of(TEXT("coretemp")), CHIP_CPU);
    assert_int_equal(chip_side_of(TEXT("k10temp")), CHIP_CPU);
    assert_int_equal(chip_side_of(TEXT("cpu0_thermal")), CHIP_CPU);
    assert_int_equal(chip_side_of(TEXT("amdgpu")), CHIP_GPU);
    assert_int_equal(chip_side_of(TEXT("xe")), CHIP_GPU);
    assert_int_equal(chip_side_of(TEXT("nvme")), CHIP_CHASSIS);
    assert_int_equal(chip_side_of(TEXT("acpitz")), CHIP_CHASSIS);
    assert_int_equal(chip_side_of(TEXT("")), CHIP_CHASSIS);
    uint64_t id = 9;
    assert_true(sensor_package_id(TEXT("Package id 1"), &id));
    assert_int_equal(id, 1);
    assert_false(sensor_package_id(TEXT("Core 0"), &id));
    assert_false(sensor_package_id(TEXT("Package id x"), &id));
    assert_true(sensor_is_package(TEXT("k10temp"), TEXT("Tctl")));
    assert_false(sensor_is_package(TEXT("k10temp"), TEXT("Tccd1")));
    assert_false(sensor_is_package(TEXT("coretemp"), TEXT("Core 3")));
}

static void air_is_the_machines(void **state) {
    (void)state;
    static const char *const in[] = {
        "Inlet Temp", "INLET_TEMP", "Front Inlet", "Ambient", "01-Inlet Ambient", "Air In"};
    static const char *const out[] = {"Exhaust Temp", "Outlet", "Rear Exhaust"};
    static const char *const no[] = {
        "PSU1 Inlet", "PS1 Ambient", "CPU1 Temp", "Tinlet", "GPU Inlet", "", "temp1", "Exhaus"};
    for (size_t i = 0; i < COUNT_OF(in); i++)
        assert_int_equal(sensor_air(text_of(in[i])), AIR_INLET);
    for (size_t i = 0; i < COUNT_OF(out); i++)
        assert_int_equal(sensor_air(text_of(out[i])), AIR_OUTLET);
    for (size_t i = 0; i < COUNT_OF(no); i++)
        assert_int_equal(sensor_air(text_of(no[i])), AIR_NEITHER);
    assert_true(sensor_says(TEXT("Sys_Power"), "sys power"));
    assert_true(sensor_says(TEXT("1-SYS  POWER (W)"), "sys power"));
    assert_false(sensor_says(TEXT("Sys Pow"), "sys power"));
}

static void energy_grows_through_wraps(void **state) {
    (void)state;
    struct energy e = {.range_joules = 65536};
    assert_true(isnan(energy_take(&e, 65000, NS_PER_SECOND)));
    assert_true(e.joules == 65000.0);
    assert_true(energy_take(&e, 65400, 3 * NS_PER_SECOND) == 200.0);
    assert_true(energy_take(&e, 64, 4 * NS_PER_SECOND) == 200.0);
    assert_true(e.joules == 65600.0);
    assert_true(isnan(energy_take(&e, 64, 4 * NS_PER_SECOND))); /* no time has passed */
    assert_true(e.joules == 65600.0);
}

static void what_cannot_be_told_is_a_reset(void **state) {
    (void)state;
    struct energy e = {.range_joules = 65536};
    (void)energy_take(&e, 1000, 0);
    assert_true(isnan(energy_take(&e, 2000, 70 * NS_PER_SECOND))); /* may have gone round more than once */
    assert_true(e.joules == 0.0);
    assert_true(energy_take(&e, 2300, 71 * NS_PER_SECOND) == 300.0);
    assert_true(e.joules == 300.0);
    assert_true(isnan(energy_take(&e, 5, 72 * NS_PER_SECOND))); /* set back: no package draws 63 kW */
    assert_true(e.joules == 0.0);
    struct energy endless = {.range_joules = 0};
    (void)energy_take(&endless, 10, 0);
    assert_true(energy_take(&endless, 100010, 1000 * NS_PER_SECOND) == 100.0);
    assert_true(isnan(energy_take(&endless, 5, 1001 * NS_PER_SECOND)));
}

static void events_of_perf(void **state) {
    (void)state;
    uint64_t event = 0;
    assert_true(rapl_parse_event(TEXT("event=0x02"), &event));
    assert_int_equal(event, 2);
    assert_true(rapl_parse_event(TEXT("event=17"), &event));
    assert_int_equal(event, 17);
    static const char *const others[] = {
        "", "event", "event=", "event=0x", "event=0xzz", "umask=0x1", "event=0x1,umask=2", "event=0x11111111111111111"};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_false(rapl_parse_event(text_of(others[i]), &event));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_units),
        cmocka_unit_test(absurd_values_are_unknown),
        cmocka_unit_test(attributes_are_recognised),
        cmocka_unit_test(chips_belong_somewhere),
        cmocka_unit_test(air_is_the_machines),
        cmocka_unit_test(energy_grows_through_wraps),
        cmocka_unit_test(what_cannot_be_told_is_a_reset),
        cmocka_unit_test(events_of_perf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
