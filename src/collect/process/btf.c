/* collect/process/btf.c: walks the kernel's description of its types in small windows. */
#include "collect/process/btf.h"

#include <linux/btf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
    WINDOW = 64 << 10,
    UNNAMED_MAX = 64, /* unnamed members of wanted structures */
    PASSES_MAX = 4,   /* over the types: how deep they may be inside each other */
    TYPE_ID_MAX = 1 << 24,
};

struct names { /* where a wanted name is among the description's strings; 0 until it was seen */
    uint32_t type, member;
};

struct unnamed {   /* a member without a name, whose own members count as the structure's */
    uint32_t id;   /* of its type */
    uint32_t type; /* name of the structure */
    uint32_t bits; /* where it is in the structure */
    bool done;
};

struct search {
    btf_read *read;
    void *context;
    struct btf_wanted *wanted;
    struct names names[BTF_WANTED_MAX];
    size_t n;
    uint64_t lengths; /* bit per length of a wanted name */
    struct unnamed unnamed[UNNAMED_MAX];
    size_t n_unnamed;
    uint64_t offset, end; /* of the section that is read now: where the next window starts */
    size_t len;           /* bytes in the window */
    char window[WINDOW];
};

/* Drops the first `used` bytes of the window and fills it up. False when there is nothing left. */
static int next_window(struct search *s, size_t used, bool *ret_more, struct error *err) {
    s->len -= used;
    memmove(s->window, s->window + used, s->len);
    uint64_t left = s->end - s->offset;
    size_t want = left < WINDOW - s->len ? (size_t)left : WINDOW - s->len;
    ssize_t got = want ? s->read(s->context, s->window + s->len, want, s->offset) : 0;
    if (got < 0)
        return error_set(
            err, ERR_OS, "types of the kernel: cannot be read at byte %llu", (unsigned long long)s->offset);
    if ((size_t)got < want)
        return error_set(err, ERR_FORMAT, "types of the kernel: end at byte %llu, before what their header says",
            (unsigned long long)s->offset + (unsigned long long)got);
    s->offset += want;
    s->len += want;
    *ret_more = want > 0;
    return 0;
}

static void begin_section(struct search *s, uint64_t start, uint64_t len) {
    s->offset = start;
    s->end = start + len;
    s->len = 0;
}

static void note_name(struct search *s, struct text name, uint32_t offset) {
    if (name.len >= 64 || !(s->lengths >> name.len & 1))
        return;
    for (size_t i = 0; i < s->n; i++) {
        if (!s->names[i].type && text_is(name, s->wanted[i].type))
            s->names[i].type = offset;
        if (s->wanted[i].member && !s->names[i].member && text_is(name, s->wanted[i].member))
            s->names[i].member = offset;
    }
}

/* Names are compared here once; after that, types are compared by where their names are. */
static int find_names(struct search *s, uint64_t start, uint32_t len, struct error *err) {
    uint32_t at = 0; /* of the window in the section */
    size_t used = 0;
    bool more = false;
    begin_section(s, start, len);
    for (;;) {
        int status = next_window(s, used, &more, err);
        if (status < 0)
            return status;
        at += (uint32_t)used;
        used = 0;
        for (const char *end; used < s->len && (end = memchr(s->window + used, '\0', s->len - used));) {
            size_t n = (size_t)(end - (s->window + used));
            note_name(s, (struct text){s->window + used, n}, at + (uint32_t)used);
            used += n + 1;
        }
        if (!more && used == 0)
            return 0; /* what is left has no end */
        if (used == 0 && s->len == WINDOW)
            used =
                WINDOW; /* longer than any name of ours, and what follows is no name's start: no wanted one is lost */
    }
}

static size_t size_behind(uint32_t kind, size_t n, bool *ret_known) {
    *ret_known = true;
    switch (kind) {
    case BTF_KIND_PTR:
    case BTF_KIND_FWD:
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_FUNC:
    case BTF_KIND_FLOAT:
    case BTF_KIND_TYPE_TAG: return 0;
    case BTF_KIND_INT:
    case BTF_KIND_VAR:
    case BTF_KIND_DECL_TAG: return 4;
    case BTF_KIND_ARRAY: return sizeof(struct btf_array);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION: return n * sizeof(struct btf_member);
    case BTF_KIND_ENUM: return n * sizeof(struct btf_enum);
    case BTF_KIND_FUNC_PROTO: return n * sizeof(struct btf_param);
    case BTF_KIND_DATASEC: return n * sizeof(struct btf_var_secinfo);
    case BTF_KIND_ENUM64: return n * sizeof(struct btf_enum64);
    default: *ret_known = false; return 0;
    }
}

static void note_unnamed(struct search *s, uint32_t id, uint32_t type, uint32_t bits) {
    for (size_t i = 0; i < s->n_unnamed; i++)
        if (s->unnamed[i].id == id && s->unnamed[i].type == type)
            return;
    if (s->n_unnamed < UNNAMED_MAX)
        s->unnamed[s->n_unnamed++] = (struct unnamed){.id = id, .type = type, .bits = bits};
}

/* The members of a structure named `type`, or of a part of it that starts at `base_bits`. */
static void note_members(
    struct search *s, const char *at, size_t n, bool bitfields, uint32_t type, uint32_t base_bits) {
    for (size_t m = 0; m < n; m++) {
        struct btf_member member;
        uint32_t bits = 0;
        memcpy(&member, at + m * sizeof member, sizeof member);
        bool is_bitfield = bitfields && BTF_MEMBER_BITFIELD_SIZE(member.offset) != 0;
        uint32_t own = bitfields ? BTF_MEMBER_BIT_OFFSET(member.offset) : member.offset;
        if (__builtin_add_overflow(base_bits, own, &bits) || is_bitfield || bits % 8 != 0)
            continue;
        if (member.name_off == 0)
            note_unnamed(s, member.type, type, bits);
        for (size_t i = 0; i < s->n && member.name_off; i++)
            if (s->names[i].type == type && s->names[i].member == member.name_off &&
                s->wanted[i].found == BTF_NOT_FOUND)
                s->wanted[i].found = bits / 8;
    }
}

/* First pass: what has a wanted name. */
static void note_type(struct search *s, const struct btf_type *type, uint32_t id, const char *members) {
    uint32_t kind = BTF_INFO_KIND(type->info);
    bool structure = kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION;
    bool members_wanted = false;
    for (size_t i = 0; i < s->n && type->name_off && (structure || kind == BTF_KIND_FUNC); i++) {
        if (s->names[i].type != type->name_off)
            continue;
        struct btf_wanted *wanted = &s->wanted[i];
        if (wanted->member)
            members_wanted = structure;
        else if (wanted->found == BTF_NOT_FOUND && wanted->size == structure)
            wanted->found = structure ? type->size : id;
    }
    if (members_wanted)
        note_members(s, members, BTF_INFO_VLEN(type->info), BTF_INFO_KFLAG(type->info), type->name_off, 0);
}

/* Later passes: the types of members without names. */
static void note_unnamed_type(struct search *s, const struct btf_type *type, uint32_t id, const char *members) {
    uint32_t kind = BTF_INFO_KIND(type->info);
    size_t n = s->n_unnamed; /* more may be added on the way */
    for (size_t i = 0; i < n; i++) {
        struct unnamed *u = &s->unnamed[i];
        if (u->id != id || u->done)
            continue;
        u->done = true;
        if (kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION)
            note_members(s, members, BTF_INFO_VLEN(type->info), BTF_INFO_KFLAG(type->info), u->type, u->bits);
    }
}

/* Takes the whole types out of the window. `*skip`: bytes of a type too large for it, which are behind. */
static int take_types(struct search *s, bool first, uint32_t *id, size_t *used, uint64_t *skip, struct error *err) {
    while (s->len - *used >= sizeof(struct btf_type)) {
        struct btf_type type;
        bool known = false;
        memcpy(&type, s->window + *used, sizeof type);
        size_t behind = size_behind(BTF_INFO_KIND(type.info), BTF_INFO_VLEN(type.info), &known);
        if (!known || *id == TYPE_ID_MAX)
            return error_set(err, ERR_FORMAT, "types of the kernel: type %u is of unknown kind %u", *id,
                (unsigned)BTF_INFO_KIND(type.info));
        if (sizeof type + behind > WINDOW) { /* no structure of interest */
            *skip = sizeof type + behind - (s->len - *used);
            *used = s->len;
            ++*id;
            return 0;
        }
        if (behind > s->len - *used - sizeof type)
            return 0;
        const char *members = s->window + *used + sizeof type;
        if (first)
            note_type(s, &type, *id, members);
        else
            note_unnamed_type(s, &type, *id, members);
        *used += sizeof type + behind;
        ++*id;
    }
    return 0;
}

static int walk_types(struct search *s, uint64_t start, uint32_t len, bool first, struct error *err) {
    uint32_t id = 1; /* 0 is `void`, which is not listed */
    size_t used = 0;
    bool more = false;
    begin_section(s, start, len);
    for (;;) {
        uint64_t skip = 0;
        int status = next_window(s, used, &more, err);
        used = 0;
        if (status == 0)
            status = take_types(s, first, &id, &used, &skip, err);
        if (status < 0)
            return status;
        if (skip > s->end - s->offset || (!more && used == 0 && s->len > 0))
            return error_set(err, ERR_FORMAT, "types of the kernel: type %u is longer than its section", id);
        s->offset += skip;
        if (used == s->len && s->offset == s->end)
            return 0;
    }
}

static bool all_found(const struct search *s) {
    bool pending = false;
    for (size_t i = 0; i < s->n_unnamed; i++)
        pending = pending || !s->unnamed[i].done;
    for (size_t i = 0; i < s->n && pending; i++)
        if (s->wanted[i].found == BTF_NOT_FOUND && s->wanted[i].member && s->names[i].type && s->names[i].member)
            return false;
    return true;
}

static int find(struct search *s, struct error *err) {
    struct btf_header header;
    ssize_t got = s->read(s->context, &header, sizeof header, 0);
    if (got < 0)
        return error_set(err, ERR_OS, "types of the kernel: cannot be read");
    if ((size_t)got < sizeof header || header.magic != BTF_MAGIC || header.version != BTF_VERSION ||
        header.hdr_len < sizeof header)
        return error_set(err, ERR_FORMAT, "types of the kernel: no header of version %u", BTF_VERSION);
    uint64_t types = (uint64_t)header.hdr_len + header.type_off;
    int status = find_names(s, (uint64_t)header.hdr_len + header.str_off, header.str_len, err);
    if (status == 0)
        status = walk_types(s, types, header.type_len, true, err);
    for (unsigned pass = 0; pass < PASSES_MAX && status == 0 && !all_found(s); pass++)
        status = walk_types(s, types, header.type_len, false, err);
    return status;
}

int btf_find(btf_read *read, void *context, struct btf_wanted *wanted, size_t n, struct error *err) {
    if (n > BTF_WANTED_MAX)
        return error_set(err, ERR_LIMIT, "more than %d members of structures", BTF_WANTED_MAX);
    struct search *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERR_NOMEM, "types of the kernel");
    s->read = read;
    s->context = context;
    s->wanted = wanted;
    s->n = n;
    for (size_t i = 0; i < n; i++) {
        wanted[i].found = BTF_NOT_FOUND;
        s->lengths |= UINT64_C(1) << strlen(wanted[i].type) % 64;
        s->lengths |= wanted[i].member ? UINT64_C(1) << strlen(wanted[i].member) % 64 : 0;
    }
    int status = find(s, err);
    free(s);
    return status;
}
