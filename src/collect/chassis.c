/* collect/chassis.c: the machine as a box: maker, product, board and firmware. */
#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/number.h"
#include "collect/collectors.h"
#include "collect/kernel_file.h"
#include "frame/merge.h"

/* What does not change while the machine runs is read once. */
struct chassis_reader {
    struct arena arena;
    struct detail details[8];
    size_t n;
};

static void chassis_close(void *self) {
    struct chassis_reader *r = self;
    if (!r)
        return;
    arena_done(&r->arena);
    free(r);
}

/* What vendors leave in the tables when they fill in nothing. */
static bool says_nothing(struct text t) {
    static const char *const phrases[] = {"To Be Filled By O.E.M.", "To be filled by O.E.M.", "Default string",
        "Not Specified", "System Product Name", "System manufacturer", "O.E.M.", "None", "N/A"};
    for (size_t i = 0; i < COUNT_OF(phrases); i++)
        if (text_is(t, phrases[i]))
            return true;
    return t.len == 0;
}

static bool add_detail(struct chassis_reader *r, struct text key, struct text value) {
    if (!known_text(value) || says_nothing(value) || r->n == COUNT_OF(r->details))
        return false;
    r->details[r->n].key = key;
    r->details[r->n].value = arena_text(&r->arena, value);
    r->n += known_text(r->details[r->n].value);
    return true;
}

static int chassis_open(const struct collect_options *options, void **ret, struct error *err) {
    static const struct {
        struct text key;
        const char *file;
    } dmi[] = {
        {{"Product Name", 12}, "class/dmi/id/product_name"},
        {{"Vendor", 6}, "class/dmi/id/sys_vendor"},
        {{"Board", 5}, "class/dmi/id/board_name"},
        {{"Version", 7}, "class/dmi/id/product_version"},
        {{"BIOS Version", 12}, "class/dmi/id/bios_version"},
    };
    struct chassis_reader *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(err, ERR_NOMEM, "chassis reader");
    int sys_fd CLEANUP(file_close) = -1;
    char buf[KERNEL_VALUE_MAX];
    if (kernel_dir_open(options->roots.sysfs, &sys_fd, NULL) == 0) {
        bool product = false;
        for (size_t i = 0; i < COUNT_OF(dmi); i++) {
            bool added = add_detail(r, dmi[i].key, kernel_text(sys_fd, buf, "%s", dmi[i].file));
            product = product || (i == 0 && added);
        }
        /* Boards without DMI name themselves in their device tree, with a NUL at the end. */
        struct text model =
            product ? (struct text){NULL, 0} : kernel_text(sys_fd, buf, "firmware/devicetree/base/model");
        while (model.len > 0 && model.at[model.len - 1] == '\0')
            model.len--;
        (void)add_detail(r, dmi[0].key, model);
    }
    *ret = r;
    return 0;
}

static int chassis_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *err) {
    const struct chassis_reader *r = self;
    struct chassis *chassis = frame_add(&into->arena, &into->chassis.list, &chassis_table);
    if (!chassis)
        return error_set(err, ERR_NOMEM, "chassis of a frame");
    chassis->host_id = chassis->hostname = chassis->instance = cycle->host_id;
    chassis->time = cycle->time;
    for (size_t i = 0; i < r->n; i++)
        frame_add_detail(
            &into->arena, &chassis->detail.list, r->details[i].key, arena_text(&into->arena, r->details[i].value));
    return 0;
}

/* Graphics inside an Intel processor, always at this place: its power is part of the package's. */
static bool is_inside_processor(const struct gpu *g) {
    return known_text(g->vendor) && text_is(g->vendor, "intel") && known_text(g->pci_bus_id) &&
           text_ends(g->pci_bus_id, "0000:00:02.0");
}

/* The power of the parts, for machines that have no meter: unknown when a card's is. No card counts as nothing. */
static void sum_parts(struct frame *f, struct chassis *chassis) {
    double gpus = 0;
    bool any_gpu = false;
    for (size_t i = 0; i < f->gpus.n; i++) {
        const struct gpu *g = &f->gpus.at[i];
        if (known_f64(g->power_consumption) || !is_inside_processor(g)) {
            gpus += g->power_consumption;
            any_gpu = true;
        }
    }
    double cpu = f->cpus.n > 0 ? f->cpus.at[0].power_consumption : NAN;
    if (isnan(gpus) || (!any_gpu && isnan(cpu)))
        return;
    chassis->total_power_watts = number_round(gpus + (isnan(cpu) ? 0 : cpu), 2);
    chassis->power_source = isnan(cpu) ? TEXT("gpu") : any_gpu ? TEXT("rapl+gpu") : TEXT("rapl");
}

/* Not even a name: a container or a small guest, or the wrong folder for sysfs. */
static bool is_bare(const struct chassis *c) {
    return c->detail.n == 0 && c->fan_speeds.n == 0 && c->psu_status.n == 0 && c->temperatures.n == 0 &&
           !known_f64(c->total_power_watts) && !known_f64(c->inlet_temperature) && !known_f64(c->outlet_temperature) &&
           !known_text(c->thermal_pressure);
}

/* One chassis out of what the firmware's tables, the BMC and the sensor chips tell; none when nobody tells anything. */
static void chassis_complete(struct frame *whole) {
    frame_merge_all(&whole->arena, &chassis_table, &whole->chassis.list);
    if (whole->chassis.n == 0)
        return;
    struct chassis *chassis = &whole->chassis.at[0];
    if (!known_f64(chassis->total_power_watts))
        sum_parts(whole, chassis);
    if (is_bare(chassis))
        whole->chassis.n = 0;
    else
        frame_add_detail(&whole->arena, &chassis->detail.list, TEXT("platform"), TEXT("Linux"));
}

const struct collector chassis_collector = {
    .name = "chassis",
    .section = SECTION_CHASSIS,
    .open = chassis_open,
    .sample = chassis_sample,
    .close = chassis_close,
    .complete = chassis_complete,
};
