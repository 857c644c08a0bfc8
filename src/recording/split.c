/* recording/split.c: a frame that does not fit into one line, written as several. */
#include "recording/split.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    SECTIONS_ROOM = 1024, /* bytes for the keys of the sections and what else stands around the items */
    NOTICE_ROOM = 1024,   /* for the error that says what was left out */
};

struct host {
    struct text name; /* NULL `at`: the first one, for items that belong to none */
    size_t bytes;     /* of its items as text, with a comma each */
    size_t processes, process_bytes;
    unsigned part; /* counted from 0 */
    bool slim;     /* goes without its processes */
};

struct split {
    const struct frame *frame;
    struct host *hosts; /* in the order in which they are met */
    size_t n_hosts, cap;
    uint32_t *owner[SECTION_COUNT]; /* which host each item belongs to */
    uint32_t *table; /* host by the hash of its name, open addressing; 0 is none, for that is the one without name */
    size_t slots;    /* a power of two */
    unsigned n_parts;
    bool all_slim;
};

static int no_memory(struct error *err) {
    return error_set(err, ERR_NOMEM, "splitting a frame");
}

static size_t hash_of(struct text t) {
    uint64_t h = 14695981039346656037U; /* FNV-1a */
    for (size_t i = 0; i < t.len; i++)
        h = (h ^ (uint8_t)t.at[i]) * 1099511628211U;
    return (size_t)(h ^ h >> 32);
}

/* Where in the table that host stands, or would stand. */
static uint32_t *slot_of(struct split *s, struct text name) {
    size_t at = hash_of(name) & (s->slots - 1);
    while (s->table[at] && !text_equal(s->hosts[s->table[at]].name, name))
        at = (at + 1) & (s->slots - 1);
    return &s->table[at];
}

static bool grow_table(struct split *s) {
    uint32_t *table = calloc(s->slots * 2, sizeof *table);
    if (!table)
        return false;
    free(s->table);
    s->table = table;
    s->slots *= 2;
    for (size_t i = 1; i < s->n_hosts; i++)
        *slot_of(s, s->hosts[i].name) = (uint32_t)i;
    return true;
}

/* The number of a host, a new one when it is met for the first time; UINT32_MAX when memory runs out. */
static uint32_t host_number(struct split *s, struct text name) {
    if (!known_text(name) || name.len == 0)
        return 0;
    uint32_t *slot = slot_of(s, name);
    uint32_t there = *slot;
    if (there)
        return there;
    if (s->n_hosts == s->cap) {
        struct host *hosts = realloc(s->hosts, 2 * s->cap * sizeof *hosts);
        if (!hosts)
            return UINT32_MAX;
        s->hosts = hosts;
        s->cap *= 2;
    }
    s->hosts[s->n_hosts] = (struct host){.name = name};
    *slot = (uint32_t)s->n_hosts++;
    if (s->n_hosts * 2 > s->slots && !grow_table(s))
        return UINT32_MAX;
    return (uint32_t)s->n_hosts - 1;
}

/* Finds out whom each item belongs to and how long it is; `scratch` is for that. */
static int measure(struct split *s, struct buffer *scratch, struct error *err) {
    for (unsigned i = 0; i < SECTION_COUNT; i++) {
        const struct list *list = frame_section_const(s->frame, (enum section)i);
        const struct field_table *table = sections[i].table;
        s->owner[i] = calloc(list->n ? list->n : 1, sizeof *s->owner[i]);
        if (!s->owner[i])
            return no_memory(err);
        for (size_t n = 0; n < list->n; n++) {
            const char *item = (const char *)list->at + n * table->size;
            uint32_t number = host_number(s, frame_item_host(table, item));
            if (number == UINT32_MAX)
                return no_memory(err);
            buffer_clear(scratch);
            frame_put_item(table, item, scratch);
            int r = buffer_status(scratch, err);
            if (r < 0)
                return r;
            struct host *host = &s->hosts[number];
            s->owner[i][n] = number;
            host->bytes += scratch->len + 1;
            host->processes += i == SECTION_PROCESS;
            host->process_bytes += i == SECTION_PROCESS ? scratch->len + 1 : 0;
        }
    }
    return 0;
}

static void slim(struct host *h) {
    h->bytes -= h->process_bytes;
    h->process_bytes = 0;
    h->slim = h->processes > 0;
}

/* Gives each host its part: in order, as many into a part as fit. */
static int pack(struct split *s, size_t room, struct error *err) {
    size_t used = 0;
    s->n_parts = 1;
    for (size_t i = 0; i < s->n_hosts; i++) {
        struct host *h = &s->hosts[i];
        if (h->bytes > room)
            slim(h);
        size_t bytes = h->bytes + (h->slim && !s->all_slim ? NOTICE_ROOM : 0);
        if (bytes > room)
            return error_set(
                err, ERR_LIMIT, "a frame in which one host has over %zu bytes without its processes", room);
        if (bytes > room - used) {
            s->n_parts++;
            used = 0;
        }
        used += bytes;
        h->part = s->n_parts - 1;
    }
    return 0;
}

static int plan(struct split *s, size_t room, struct error *err) {
    int r = pack(s, room, err);
    if (r < 0 || s->n_parts <= FRAME_PARTS_MAX)
        return r;
    s->all_slim = true;
    for (size_t i = 0; i < s->n_hosts; i++)
        slim(&s->hosts[i]);
    r = pack(s, room - NOTICE_ROOM, err);
    if (r == 0 && s->n_parts > FRAME_PARTS_MAX)
        r = error_set(err, ERR_LIMIT, "a frame of over %d lines without its processes", FRAME_PARTS_MAX);
    return r;
}

static bool copy_items(const struct split *s, unsigned part, enum section section, struct frame *to) {
    const struct list *from = frame_section_const(s->frame, section);
    struct list *list = frame_section(to, section);
    const struct field_table *table = sections[section].table;
    const uint32_t *owner = s->owner[section];
    list->asked = from->asked;
    for (size_t i = 0; i < from->n && owner; i++) {
        const struct host *h = &s->hosts[owner[i]];
        if (h->part != part || (h->slim && section == SECTION_PROCESS))
            continue;
        void *item = frame_add(&to->arena, list, table);
        if (!item)
            return false;
        memcpy(item, (const char *)from->at + i * table->size, table->size);
    }
    return true;
}

/* Says what was left out of a part. */
static void add_notices(const struct split *s, unsigned part, struct frame *to) {
    char message[160], name[256];
    size_t all = 0;
    for (size_t i = 0; i < s->n_hosts; i++) {
        const struct host *h = &s->hosts[i];
        all += h->processes;
        if (!h->slim || s->all_slim || h->part != part)
            continue;
        (void)snprintf(message, sizeof message, "%zu processes left out: the frame would pass %d MiB", h->processes,
            FRAME_LINE_MAX >> 20);
        (void)snprintf(name, sizeof name, "%.*s", (int)(h->name.len < sizeof name ? h->name.len : sizeof name - 1),
            h->name.at ? h->name.at : "");
        frame_add_error(to, "process", "error", message, h->name.at ? name : NULL);
    }
    if (!s->all_slim || part > 0)
        return;
    (void)snprintf(message, sizeof message, "%zu processes left out: the frame would pass %d lines of %d MiB", all,
        FRAME_PARTS_MAX, FRAME_LINE_MAX >> 20);
    frame_add_error(to, "process", "error", message, NULL);
}

static int write_part(const struct split *s, unsigned part, struct buffer *line, struct split_sink sink, size_t *errors,
    struct error *err) {
    const struct frame *f = s->frame;
    struct frame of = {.wall_ns = f->wall_ns,
        .seq = f->seq,
        .source = f->source,
        .hostname = f->hostname,
        .part = s->n_parts > 1 ? part + 1 : 0,
        .parts = s->n_parts > 1 ? s->n_parts : 0};
    bool whole = true;
    for (unsigned i = 0; i < SECTION_COUNT && whole; i++)
        whole = copy_items(s, part, (enum section)i, &of);
    add_notices(s, part, &of);
    buffer_clear(line);
    int r = whole ? frame_write_json(&of, line, err) : no_memory(err);
    *errors += of.errors.n;
    arena_done(&of.arena);
    return r < 0 ? r : sink.put(sink.to, line, err);
}

static int split_parts(
    struct split *s, struct buffer *line, struct split_sink sink, size_t *ret_errors, struct error *err) {
    s->cap = s->slots = 16;
    s->hosts = calloc(s->cap, sizeof *s->hosts);
    s->table = calloc(s->slots, sizeof *s->table);
    if (!s->hosts || !s->table)
        return no_memory(err);
    s->n_hosts = 1;
    buffer_clear(line);
    frame_put_head(s->frame, line);
    size_t around = line->len + SECTIONS_ROOM;
    int r = around < line->limit ? measure(s, line, err) : error_set(err, ERR_LIMIT, "a frame with a long name");
    if (r == 0)
        r = plan(s, line->limit - around, err);
    size_t errors = 0;
    for (unsigned part = 0; r == 0 && part < s->n_parts; part++)
        r = write_part(s, part, line, sink, &errors, err);
    if (r == 0)
        *ret_errors = errors;
    return r;
}

int split_write(
    const struct frame *f, struct buffer *line, struct split_sink sink, size_t *ret_errors, struct error *err) {
    buffer_clear(line);
    int r = frame_write_json(f, line, err);
    if (r == 0) {
        *ret_errors = f->errors.n;
        return sink.put(sink.to, line, err);
    }
    if (r != -ERR_LIMIT)
        return r;
    struct split s = {.frame = f};
    r = split_parts(&s, line, sink, ret_errors, err);
    for (unsigned i = 0; i < SECTION_COUNT; i++)
        free(s.owner[i]);
    free(s.hosts);
    free(s.table);
    return r;
}
