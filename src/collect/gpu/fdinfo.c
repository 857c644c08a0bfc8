/* collect/gpu/fdinfo.c: parses what drivers of DRM tell of a client (Documentation/gpu/drm-usage-stats.rst of the kernel). */
#include "collect/gpu/fdinfo.h"

#include "base/number.h"
#include "collect/kernel_file.h"

/* "1234 KiB", "800 MHz", "5 ns": a number and the factor of its unit. */
static uint64_t parse_amount(struct text value) {
    static const struct {
        const char *unit;
        uint64_t factor;
    } units[] = {{"ns", 1}, {"Hz", 1}, {"KHz", 1000}, {"MHz", 1000000}, {"KiB", 1 << 10}, {"MiB", 1 << 20},
        {"GiB", 1 << 30}, {"kB", 1 << 10}};
    struct text number;
    struct text unit;
    uint64_t amount = 0;
    if (!text_word(&value, &number) || !text_u64(number, &amount))
        return U64_UNKNOWN;
    if (!text_word(&value, &unit))
        return amount;
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (text_is(unit, units[i].unit))
            return __builtin_mul_overflow(amount, units[i].factor, &amount) ? U64_UNKNOWN : amount;
    return U64_UNKNOWN;
}

static bool fits(struct text name) {
    return name.len > 0 && name.len <= FDINFO_NAME_MAX && !memchr(name.at, '\0', name.len);
}

/* The class of that name, a new one unless it is there; NULL without room. */
static struct fdinfo_engine *engine_of(struct fdinfo *f, struct text name) {
    for (size_t i = 0; i < f->n_engines; i++)
        if (text_equal(f->engines[i].name, name))
            return &f->engines[i];
    if (f->n_engines == FDINFO_ENGINES_MAX || !fits(name))
        return NULL;
    struct fdinfo_engine *e = &f->engines[f->n_engines++];
    *e = (struct fdinfo_engine){.name = name,
        .busy_ns = U64_UNKNOWN,
        .cycles = U64_UNKNOWN,
        .total_cycles = U64_UNKNOWN,
        .max_hz = U64_UNKNOWN,
        .capacity = 1,
        .percent = NAN};
    return e;
}

static struct fdinfo_region *region_of(struct fdinfo *f, struct text name) {
    for (size_t i = 0; i < f->n_regions; i++)
        if (text_equal(f->regions[i].name, name))
            return &f->regions[i];
    if (f->n_regions == FDINFO_REGIONS_MAX || !fits(name))
        return NULL;
    struct fdinfo_region *r = &f->regions[f->n_regions++];
    *r = (struct fdinfo_region){.name = name, .resident = U64_UNKNOWN, .total = U64_UNKNOWN};
    return r;
}

/* Is there something behind `prefix`? It is then all that is left of the key. */
static bool cut_prefix(struct text *key, const char *prefix) {
    size_t len = strlen(prefix);
    if (!text_starts(*key, prefix) || key->len == len)
        return false;
    *key = (struct text){key->at + len, key->len - len};
    return true;
}

/* A class with a hundred engines is none. */
static uint64_t sane_capacity(uint64_t capacity) {
    enum { CAPACITY_MAX = 64 };
    return capacity > 0 && capacity <= CAPACITY_MAX ? capacity : 1;
}

static void take_engine(struct fdinfo *f, struct text key, uint64_t amount) {
    enum { BUSY, CAPACITY, CYCLES, TOTAL_CYCLES, MAX_HZ };
    static const struct {
        const char *prefix;
        int member;
    } keys[] = {/* the longer one of two that begin alike comes first */
        {"engine-capacity-", CAPACITY}, {"engine-", BUSY}, {"total-cycles-", TOTAL_CYCLES}, {"cycles-", CYCLES},
        {"maxfreq-", MAX_HZ}};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (!cut_prefix(&key, keys[i].prefix))
            continue;
        struct fdinfo_engine *e = engine_of(f, key);
        if (!e)
            return;
        switch (keys[i].member) {
        case BUSY: e->busy_ns = amount; break;
        case CAPACITY: e->capacity = sane_capacity(amount); break;
        case CYCLES: e->cycles = amount; break;
        case TOTAL_CYCLES: e->total_cycles = amount; break;
        default: e->max_hz = amount; break;
        }
        return;
    }
}

static void take_region(struct fdinfo *f, struct text key, uint64_t amount) {
    /* The older "memory-" counts what is in place, too; the newer word goes before it. */
    bool resident = cut_prefix(&key, "resident-");
    bool older = !resident && cut_prefix(&key, "memory-");
    bool total = !resident && !older && cut_prefix(&key, "total-");
    struct fdinfo_region *r = resident || older || total ? region_of(f, key) : NULL;
    if (!r)
        return;
    if (resident || (older && !known_u64(r->resident)))
        r->resident = amount;
    else if (total)
        r->total = amount;
}

/* amdgpu before Linux 5.19: "vram mem:	1234 kB", "gfx0:	12.34%". */
static void take_older(struct fdinfo *f, struct text key, struct text value) {
    static const char *const classes[] = {"gfx", "compute", "dma", "dec", "enc", "enc_1", "jpeg"};
    double percent = 0;
    if (text_is(key, "pdev")) {
        f->pdev = value;
    } else if (text_is(key, "pasid")) { /* an address space, of which every client has one */
        if (!known_u64(f->client_id))
            f->client_id = parse_amount(value);
    } else if (text_ends(key, " mem")) {
        struct fdinfo_region *r = region_of(f, (struct text){key.at, key.len - strlen(" mem")});
        if (r && !known_u64(r->resident))
            r->resident = parse_amount(value);
    } else if (text_ends(value, "%")) {
        value = text_trim((struct text){value.at, value.len - 1});
        while (key.len > 0 && key.at[key.len - 1] >= '0' && key.at[key.len - 1] <= '9')
            key.len--;
        for (size_t i = 0; i < COUNT_OF(classes); i++) {
            struct fdinfo_engine *e = text_is(key, classes[i]) && text_f64(value, &percent) ? engine_of(f, key) : NULL;
            if (e && percent >= 0 && percent <= 100 && !(percent < e->percent)) /* the busiest ring of the class */
                e->percent = percent;
        }
    }
}

bool fdinfo_parse(struct text text, struct fdinfo *ret) {
    *ret = (struct fdinfo){.client_id = U64_UNKNOWN};
    for (struct text line, key; kernel_line(&text, &line);) {
        if (!text_cut(&line, ':', &key) || !known_text(line))
            continue;
        struct text value = text_trim(line);
        if (text_is(key, "drm-driver")) {
            ret->driver = value;
        } else if (text_is(key, "drm-pdev")) {
            ret->pdev = value;
        } else if (text_is(key, "drm-client-id")) {
            ret->client_id = parse_amount(value);
        } else if (cut_prefix(&key, "drm-")) {
            uint64_t amount = parse_amount(value);
            if (!known_u64(amount))
                continue;
            take_engine(ret, key, amount);
            if (!text_starts(key, "total-cycles-"))
                take_region(ret, key, amount);
        } else {
            take_older(ret, key, value);
        }
    }
    if (!known_text(ret->driver) && ret->n_regions > 0 && known_text(ret->pdev))
        ret->driver = TEXT("amdgpu");
    return ret->driver.len > 0;
}

static bool is_local(struct text region) {
    return text_starts(region, "vram") || text_starts(region, "local");
}

uint64_t fdinfo_memory(const struct fdinfo *f, bool *ret_local) {
    uint64_t bytes = U64_UNKNOWN;
    *ret_local = false;
    for (size_t i = 0; i < f->n_regions && !*ret_local; i++)
        *ret_local = is_local(f->regions[i].name);
    for (size_t i = 0; i < f->n_regions; i++) {
        const struct fdinfo_region *r = &f->regions[i];
        uint64_t here = known_u64(r->resident) ? r->resident : r->total;
        uint64_t sum = 0;
        /* What the firmware has set aside ("stolen") is nobody's. */
        if (is_local(r->name) != *ret_local || text_starts(r->name, "stolen") || !known_u64(here))
            continue;
        if (!__builtin_add_overflow(known_u64(bytes) ? bytes : 0, here, &sum))
            bytes = sum;
    }
    return bytes;
}
