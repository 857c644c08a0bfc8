/* tests/unit/base/test_arena.c: an arena hands out aligned memory, keeps its limit, and gives all of it away or back. */
#include "test.h"

#include <stdalign.h>
#include <stdbool.h>

#include "base/arena.h"

static void memory_is_aligned_and_apart(void **state) {
    (void)state;
    struct arena a = {0};
    unsigned char *pieces[500];
    for (size_t i = 0; i < 500; i++) {
        pieces[i] = arena_alloc(&a, i);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)(i & 0xFF), i);
    }
    for (size_t i = 0; i < 500; i++)
        for (size_t at = 0; at < i; at++)
            if (pieces[i][at] != (i & 0xFF))
                fail_msg("piece %zu was written over", i);
    arena_done(&a);
    assert_int_equal(a.total, 0);
    arena_done(&a);
}

static void one_piece_may_be_large(void **state) {
    (void)state;
    struct arena a = {0};
    char *small = arena_alloc(&a, 10);
    char *large = arena_alloc(&a, (size_t)20 << 20);
    char *after = arena_alloc(&a, 10);
    assert_true(small && large && after);
    memset(large, 1, (size_t)20 << 20);
    arena_done(&a);
}

static void texts_are_copied(void **state) {
    (void)state;
    struct arena a = {0};
    char word[] = "hello";
    struct text copy = arena_text(&a, text_of(word));
    word[0] = 'j';
    assert_text(copy, "hello");
    assert_null(arena_text(&a, (struct text){NULL, 0}).at);
    struct text empty = arena_text(&a, TEXT("")); /* known, and empty */
    assert_non_null(empty.at);
    assert_int_equal(empty.len, 0);
    arena_done(&a);
}

static void the_limit_can_be_used_up_and_not_passed(void **state) {
    (void)state;
    static const size_t limits[] = {16, 1000, 16 * 1024, 64 * 1024, 100000, 5 << 20};
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        struct arena a = {.limit = limits[i]};
        size_t got = 0;
        while (arena_alloc(&a, 16))
            got += 16;
        assert_true(a.total <= limits[i]);
        if (got + 16 <= limits[i])
            fail_msg("only %zu of %zu bytes could be had", got, limits[i]);
        assert_null(arena_text(&a, TEXT("does not fit any more")).at);
        arena_done(&a);
        assert_int_equal(a.limit, limits[i]);
    }
}

static void impossible_sizes_fail(void **state) {
    (void)state;
    struct arena a = {0};
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, SIZE_MAX - 15));
    assert_null(arena_alloc(&a, ARENA_LIMIT_DEFAULT + 1));
    a.limit = SIZE_MAX;
    assert_null(arena_alloc(&a, SIZE_MAX - 15));
    assert_non_null(arena_alloc(&a, 1));
    arena_done(&a);
}

static void reset_keeps_the_largest_block(void **state) {
    (void)state;
    struct arena a = {0};
    arena_reset(&a);
    assert_non_null(arena_alloc(&a, (size_t)8 << 20));
    assert_non_null(arena_alloc(&a, 1 << 20)); /* a newer, smaller block */
    arena_reset(&a);
    assert_true(a.total >= (size_t)8 << 20);
    size_t kept = a.total;
    for (int round = 0; round < 3; round++) {
        char *again = arena_alloc(&a, (size_t)8 << 20);
        assert_non_null(again);
        memset(again, 1, (size_t)8 << 20);
        assert_int_equal(a.total, kept);
        arena_reset(&a);
    }
    arena_done(&a);
}

static void adopted_memory_lives_on(void **state) {
    (void)state;
    for (int mixed = 0; mixed < 4; mixed++) {
        struct arena into = {0}, from = {.limit = 1 << 20};
        struct text before = {NULL, 0}, after = {NULL, 0}, moved = {NULL, 0}, big = {NULL, 0};
        if (mixed & 1)
            before = arena_text(&into, TEXT("was here before"));
        if (mixed & 2)
            for (int i = 0; i < 5000; i++) /* several blocks */
                big = arena_text(&from, TEXT("one of many"));
        moved = arena_text(&from, TEXT("moves house"));
        size_t total = into.total + from.total;
        arena_adopt(&into, &from);
        assert_int_equal(into.total, total);
        assert_null(from.newest);
        assert_int_equal(from.total, 0);
        assert_int_equal(from.limit, 1 << 20);
        assert_non_null(arena_alloc(&from, 100)); /* usable again */
        arena_done(&from);
        for (int i = 0; i < 100; i++)
            after = arena_text(&into, TEXT("comes later"));
        assert_text(moved, "moves house");
        assert_text(after, "comes later");
        if (mixed & 1)
            assert_text(before, "was here before");
        if (mixed & 2)
            assert_text(big, "one of many");
        arena_done(&into);
    }
}

static void adopting_nothing_changes_nothing(void **state) {
    (void)state;
    struct arena into = {0}, from = {0};
    struct text t = arena_text(&into, TEXT("t"));
    size_t total = into.total;
    arena_adopt(&into, &from);
    assert_int_equal(into.total, total);
    assert_text(t, "t");
    arena_done(&into);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_and_apart),
        cmocka_unit_test(one_piece_may_be_large),
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(the_limit_can_be_used_up_and_not_passed),
        cmocka_unit_test(impossible_sizes_fail),
        cmocka_unit_test(reset_keeps_the_largest_block),
        cmocka_unit_test(adopted_memory_lives_on),
        cmocka_unit_test(adopting_nothing_changes_nothing),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
