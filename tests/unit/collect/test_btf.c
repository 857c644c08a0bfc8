/* tests/unit/collect/test_btf.c: finding members in a description of types, and the program made of them. */
#include "test.h"

#include <fcntl.h>
#include <linux/btf.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/process/bpf_program.h"

static struct error err;

struct description { /* of types, being written */
    char types[2048], names[512];
    size_t n_types, n_names;
    char whole[4096];
    size_t len;
};

/* Every name is there once. */
static uint32_t name(struct description *d, const char *text) {
    uint32_t at = (uint32_t)d->n_names;
    for (size_t i = 0; i < d->n_names; i += strlen(d->names + i) + 1)
        if (strcmp(d->names + i, text) == 0)
            return (uint32_t)i;
    memcpy(d->names + d->n_names, text, strlen(text) + 1);
    d->n_names += strlen(text) + 1;
    return at;
}
static void word(struct description *d, uint32_t w) {
    memcpy(d->types + d->n_types, &w, sizeof w);
    d->n_types += sizeof w;
}
static void type(struct description *d, const char *called, uint32_t kind, uint32_t members, uint32_t size) {
    word(d, name(d, called));
    word(d, kind << 24 | members);
    word(d, size);
}
static void member(struct description *d, const char *called, uint32_t of_type, uint32_t bits) {
    word(d, name(d, called));
    word(d, of_type);
    word(d, bits);
}

static void finish(struct description *d) {
    struct btf_header head = {.magic = BTF_MAGIC,
        .version = BTF_VERSION,
        .hdr_len = sizeof head,
        .type_len = (uint32_t)d->n_types,
        .str_off = (uint32_t)d->n_types,
        .str_len = (uint32_t)d->n_names};
    memcpy(d->whole, &head, sizeof head);
    memcpy(d->whole + sizeof head, d->types, d->n_types);
    memcpy(d->whole + sizeof head + d->n_types, d->names, d->n_names);
    d->len = sizeof head + d->n_types + d->n_names;
}

static ssize_t read_description(void *context, void *buf, size_t n, uint64_t offset) {
    const struct description *d = context;
    if (offset >= d->len)
        return 0;
    size_t got = d->len - (size_t)offset < n ? d->len - (size_t)offset : n;
    memcpy(buf, d->whole + offset, got);
    return (ssize_t)got;
}

static void write_example(struct description *d) {
    *d = (struct description){.n_types = 0};
    (void)name(d, "");
    type(d, "int", BTF_KIND_INT, 0, 4); /* 1 */
    word(d, 0);
    type(d, "outer", BTF_KIND_STRUCT, 3, 64); /* 2 */
    member(d, "first", 1, 0);
    member(d, "", 4, 64); /* its members are those of outer */
    member(d, "last", 1, 480);
    type(d, "outer", BTF_KIND_FUNC, 0, 1); /* 3: another name space */
    type(d, "", BTF_KIND_UNION, 2, 16);    /* 4 */
    member(d, "", 5, 0);
    member(d, "alias", 1, 0);
    type(d, "", BTF_KIND_STRUCT, 2, 16); /* 5 */
    member(d, "x", 1, 0);
    member(d, "deep", 1, 96);
    finish(d);
}

static void members_are_found(void **state) {
    (void)state;
    struct description d;
    struct btf_wanted wanted[] = {{.type = "outer", .member = "first"}, {.type = "outer", .member = "deep"},
        {.type = "outer", .member = "alias"}, {.type = "outer", .member = "last"}, {.type = "outer", .size = true},
        {.type = "outer"}, {.type = "outer", .member = "none"}, {.type = "int", .member = "first"}};
    static const uint32_t found[] = {0, 20, 8, 60, 64, 3, BTF_NOT_FOUND, BTF_NOT_FOUND};
    write_example(&d);
    assert_ok(btf_find(read_description, &d, wanted, COUNT_OF(wanted), &err), err);
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        if (wanted[i].found != found[i])
            fail_msg("%s: %u", wanted[i].member ? wanted[i].member : "size or id", wanted[i].found);
}

static void broken_ones_are_refused(void **state) {
    (void)state;
    struct description d;
    struct btf_wanted wanted[] = {{.type = "outer", .member = "first"}};
    write_example(&d);
    size_t whole = d.len;
    for (d.len = 0; d.len < whole - 1; d.len++)
        assert_int_equal(btf_find(read_description, &d, wanted, 1, &err), -ERR_FORMAT);
    d.len = whole;
    d.whole[sizeof(struct btf_header) + 7] = 31; /* a kind that nobody knows: what follows cannot be read */
    assert_int_equal(btf_find(read_description, &d, wanted, 1, &err), -ERR_FORMAT);
}

static ssize_t read_file(void *context, void *buf, size_t n, uint64_t offset) {
    return file_pread_full(*(const int *)context, "types", buf, n, offset, NULL);
}

static void this_kernels_members(void **state) {
    (void)state;
    int fd CLEANUP(file_close) = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        skip(); /* built without */
    struct btf_wanted members[KERNEL_MEMBERS];
    struct bpf_program program;
    bpf_program_wanted(members);
    assert_ok(btf_find(read_file, &fd, members, KERNEL_MEMBERS, &err), err);
    assert_ok(bpf_program_make(members, 0, &program, &err), err);
    assert_true(program.n > 40 && program.attach_id != BTF_NOT_FOUND);
    assert_ok(bpf_program_make(members, 2, &program, &err), err);
}

static void what_a_kernel_lacks_is_named(void **state) {
    (void)state;
    struct btf_wanted members[KERNEL_MEMBERS];
    struct bpf_program program;
    bpf_program_wanted(members);
    for (size_t i = 0; i < KERNEL_MEMBERS; i++)
        members[i].found = 8;
    assert_ok(bpf_program_make(members, 0, &program, &err), err);
    assert_true(program.has_io);
    members[TASK_STATE].found = BTF_NOT_FOUND;    /* before 5.14 */
    members[TASK_START].found = BTF_NOT_FOUND;    /* before 5.5 */
    members[OLD_RSS_COUNT].found = BTF_NOT_FOUND; /* since 6.2 */
    members[IO_READ].found = BTF_NOT_FOUND;       /* not counted */
    assert_ok(bpf_program_make(members, 0, &program, &err), err);
    assert_false(program.has_io);
    members[TASK_SIGNAL].found = BTF_NOT_FOUND;
    assert_int_equal(bpf_program_make(members, 0, &program, &err), -ERR_ABSENT);
    assert_non_null(strstr(err.text, "signal"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found),
        cmocka_unit_test(broken_ones_are_refused),
        cmocka_unit_test(this_kernels_members),
        cmocka_unit_test(what_a_kernel_lacks_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
