/* tests/unit/collect/test_lookup.c: questions that hang do not hold up the others. */
#include "test.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "collect/lookup.h"
#include "collect/process/users.h"

enum { HANGING = 13 };

static struct error err;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* while it is held, question 13 hangs */
static int living;                                       /* answers that were made and not freed */
static int contexts_closed;

static void *answer(void *context, uint64_t key) {
    (void)context;
    if (key == HANGING) {
        (void)pthread_mutex_lock(&gate);
        (void)pthread_mutex_unlock(&gate);
    }
    if (key == 404)
        return NULL;
    uint64_t *made = malloc(sizeof *made);
    if (made) {
        *made = key * 2;
        __atomic_add_fetch(&living, 1, __ATOMIC_SEQ_CST);
    }
    return made;
}

static void drop(void *made) {
    free(made);
    __atomic_sub_fetch(&living, 1, __ATOMIC_SEQ_CST);
}

static void close_context(void *context) {
    (void)context;
    __atomic_add_fetch(&contexts_closed, 1, __ATOMIC_SEQ_CST);
}

static const struct lookup_ops ops = {.name = "test", .answer = answer, .drop = drop, .close = close_context};

static struct lookup *start(void) {
    struct lookup *l = NULL;
    contexts_closed = 0;
    assert_ok(lookup_create(&ops, NULL, &l, &err), err);
    return l;
}

static int64_t in_ms(int64_t ms) {
    return clock_mono_ns() + ms * NS_PER_MS;
}

static void answers_come_in_order(void **state) {
    (void)state;
    struct lookup *l = start();
    uint64_t key = 0;
    void *made = NULL;
    assert_false(lookup_take(l, &key, &made));
    for (uint64_t i = 100; i < 600; i++)
        assert_true(lookup_ask(l, i));
    assert_true(lookup_ask(l, 404));
    lookup_wait(l, in_ms(20000));
    for (uint64_t i = 100; i < 600; i++) {
        assert_true(lookup_take(l, &key, &made));
        assert_int_equal(key, i);
        if (i == 404) {
            assert_null(made);
            continue;
        }
        assert_int_equal(*(uint64_t *)made, 2 * i);
        drop(made);
    }
    assert_true(lookup_take(l, &key, &made));
    assert_int_equal(key, 404);
    assert_null(made);
    assert_true(lookup_ask(l, 1)); /* nobody takes this one */
    lookup_wait(l, in_ms(20000));
    lookup_destroy(l);
    assert_int_equal(contexts_closed, 1);
    assert_int_equal(living, 0);
    lookup_destroy(NULL);
}

static void one_that_hangs_is_replaced(void **state) {
    (void)state;
    struct lookup *l = start();
    uint64_t key = 0;
    void *made = NULL;
    (void)pthread_mutex_lock(&gate);
    assert_true(lookup_ask(l, HANGING));
    assert_true(lookup_ask(l, 1));
    int64_t before = clock_mono_ns();
    lookup_wait(l, in_ms(30));
    assert_true(clock_mono_ns() - before >= 30 * NS_PER_MS);
    assert_false(lookup_take(l, &key, &made));
    (void)usleep((useconds_t)(LOOKUP_STUCK_NS / 1000) + 50000);
    assert_true(lookup_ask(l, 2)); /* the next question finds it stuck, and starts another thread */
    lookup_wait(l, in_ms(20000));
    assert_true(lookup_take(l, &key, &made));
    assert_int_equal(key, 1);
    drop(made);
    assert_true(lookup_take(l, &key, &made));
    assert_int_equal(key, 2);
    drop(made);
    assert_false(lookup_take(l, &key, &made));
    lookup_destroy(l); /* the hanging one is left behind … */
    assert_int_equal(__atomic_load_n(&contexts_closed, __ATOMIC_SEQ_CST), 0);
    (void)pthread_mutex_unlock(&gate); /* … and cleans up when it comes back */
    for (int i = 0; i < 1000 && __atomic_load_n(&contexts_closed, __ATOMIC_SEQ_CST) == 0; i++)
        (void)usleep(5000);
    assert_int_equal(__atomic_load_n(&contexts_closed, __ATOMIC_SEQ_CST), 1);
    assert_int_equal(__atomic_load_n(&living, __ATOMIC_SEQ_CST), 0);
    (void)usleep(20000);
}

static void users_have_names(void **state) {
    (void)state;
    struct users *u = NULL;
    assert_ok(users_create("/", &u, &err), err);
    assert_text(users_name(u, 0), "0"); /* not known yet: the number */
    assert_text(users_name(u, 4294967294), "4294967294");
    users_wait(u, in_ms(20000));
    assert_text(users_name(u, 0), "root");
    assert_text(users_name(u, 4294967294), "4294967294"); /* nobody's */
    for (uint64_t uid = 100000; uid < 100000 + USERS_MAX + 10; uid++)
        assert_true(users_name(u, uid).len == 6);
    users_destroy(u);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_in_order),
        cmocka_unit_test(one_that_hangs_is_replaced),
        cmocka_unit_test(users_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
