/* tests/unit/collect/test_gpu.c: drivers by script: cards that hang, fail, vanish and come back, and drivers that do. */
#include "fixture.h"

#include <pthread.h>

#include "base/clock.h"
#include "collect/collectors.h"
#include "collect/gpu/gpu.h"

enum { CARDS = 64, WAIT_MS = 300, TRIES = 2000 };

static struct error err;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* over all scripts and counts */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

struct script { /* what a driver and its cards do next; all zero: there is no card */
    const char *vendor;
    bool absent, hang_open, hang_attach;
    const char *open_error, *list_error;
    bool list_absent;
    size_t n;
    int keys[300]; /* the cards that are listed, by number */
    size_t n_fail_attach;
    struct {
        bool hang, fail, shy; /* shy: fails, but says what it is called today */
    } cards[CARDS];
    int asked_to_open, opened, closed, attached, detached;
};
static struct script red, blue;

struct test_card {
    struct script *script;
    int number;
};

static void wait_while(const bool *held) {
    while (*held)
        (void)pthread_cond_wait(&changed, &lock);
}
static void set(bool *what, bool to) {
    (void)pthread_mutex_lock(&lock);
    *what = to;
    (void)pthread_cond_broadcast(&changed);
    (void)pthread_mutex_unlock(&lock);
}
static int count(const int *what) {
    (void)pthread_mutex_lock(&lock);
    int n = *what;
    (void)pthread_mutex_unlock(&lock);
    return n;
}
static void list_cards(struct script *s, size_t n, const int *numbers) {
    (void)pthread_mutex_lock(&lock);
    for (size_t i = 0; i < n; i++)
        s->keys[i] = numbers ? numbers[i] : (int)i;
    s->n = n;
    (void)pthread_mutex_unlock(&lock);
}

static int open_script(struct script *s, void **ret, struct error *e) {
    (void)pthread_mutex_lock(&lock);
    s->asked_to_open++;
    wait_while(&s->hang_open);
    int status = s->absent       ? error_set(e, ERR_ABSENT, "no such cards")
                 : s->open_error ? error_set(e, ERR_OS, "%s", s->open_error)
                                 : 0;
    s->opened += status == 0;
    (void)pthread_mutex_unlock(&lock);
    *ret = s;
    return status;
}
static int open_red(const struct collect_options *options, void **ret, struct error *e) {
    return options ? open_script(&red, ret, e) : -1;
}
static int open_blue(const struct collect_options *options, void **ret, struct error *e) {
    return options ? open_script(&blue, ret, e) : -1;
}
static int list_script(void *self, char (*keys)[GPU_KEY_MAX], size_t cap, struct error *e) {
    struct script *s = self;
    (void)pthread_mutex_lock(&lock);
    size_t n = s->n;
    for (size_t i = 0; i < n && i < cap; i++)
        (void)snprintf(keys[i], sizeof keys[i], "0000:%02x:00.0", (unsigned)s->keys[i]);
    int status = s->list_error    ? error_set(e, ERR_OS, "%s", s->list_error)
                 : s->list_absent ? error_set(e, ERR_ABSENT, "the module was unloaded")
                                  : (int)n;
    (void)pthread_mutex_unlock(&lock);
    return status;
}
static int attach_script(void *self, const char *key, void **ret, struct error *e) {
    struct script *s = self;
    struct test_card *card = calloc(1, sizeof *card);
    assert_non_null(card);
    *card = (struct test_card){s, (int)strtol(key + 5, NULL, 16)};
    (void)pthread_mutex_lock(&lock);
    wait_while(&s->hang_attach);
    int status = s->n_fail_attach > 0 ? error_set(e, ERR_OS, "no more handles") : 0;
    s->n_fail_attach -= status < 0;
    s->attached += status == 0;
    (void)pthread_mutex_unlock(&lock);
    if (status < 0)
        free(card);
    else
        *ret = card;
    return status;
}
static int sample_script(void *self, const struct cycle *cycle, struct frame *into, struct error *e) {
    const struct test_card *card = self;
    struct script *s = card->script;
    int i = card->number % CARDS;
    char text[64];
    (void)cycle;
    (void)pthread_mutex_lock(&lock);
    wait_while(&s->cards[i].hang);
    bool fail = s->cards[i].fail;
    bool shy = s->cards[i].shy;
    (void)pthread_mutex_unlock(&lock);
    if (fail)
        return error_set(e, ERR_OS, "GPU is lost");
    struct gpu *g = frame_add(&into->arena, &into->gpus.list, &gpu_table);
    struct process *p = frame_add(&into->arena, &into->processes.list, &process_table);
    assert_true(g && p);
    p->pid = 100 + (uint64_t)card->number;
    p->used_memory = 5;
    if (shy) {
        g->name = TEXT("shy today");
        return error_set(e, ERR_OS, "is in its reset");
    }
    (void)snprintf(text, sizeof text, "GPU-%s-%d", s->vendor, card->number);
    g->uuid = arena_text(&into->arena, text_of(text));
    (void)snprintf(text, sizeof text, "Card %d", card->number);
    g->name = arena_text(&into->arena, text_of(text));
    (void)snprintf(text, sizeof text, "0000:%02x:00.0", (unsigned)card->number);
    g->pci_bus_id = arena_text(&into->arena, text_of(text));
    g->vendor = arena_text(&into->arena, text_of(s->vendor));
    g->total_memory = 1000;
    g->utilization = 50 + card->number;
    frame_add_detail(&into->arena, &g->detail.list, TEXT("architecture"), TEXT("Script"));
    return 0;
}
static void detach_script(void *self) {
    struct test_card *card = self;
    (void)pthread_mutex_lock(&lock);
    card->script->detached++;
    (void)pthread_mutex_unlock(&lock);
    free(card);
}
static void close_script(void *self) {
    struct script *s = self;
    (void)pthread_mutex_lock(&lock);
    s->closed++;
    assert_int_equal(s->detached, s->attached);
    (void)pthread_mutex_unlock(&lock);
}

static const struct gpu_driver red_driver = {
    "red", open_red, list_script, attach_script, sample_script, detach_script, close_script, NULL};
static const struct gpu_driver blue_driver = {
    "blue", open_blue, list_script, attach_script, sample_script, detach_script, close_script, NULL};

static int open_test(const struct collect_options *options, void **ret, struct error *e) {
    static const struct gpu_driver *const drivers[] = {&red_driver, &blue_driver, NULL};
    static const struct gpu_times times = {4 * NS_PER_MS, 2 * NS_PER_MS, 150 * NS_PER_MS};
    return gpu_open_drivers(drivers, options, &times, ret, e);
}
static int open_none(const struct collect_options *options, void **ret, struct error *e) {
    static const struct gpu_driver *const drivers[] = {NULL};
    static const struct gpu_times times = {GPU_LIST_EVERY_NS, GPU_HURRY_NS, GPU_GONE_NS};
    return gpu_open_drivers(drivers, options, &times, ret, e);
}

/* The process reader of these tests keeps what it was told. */
static struct {
    size_t n;
    uint64_t pid[2 * CARDS], device[2 * CARDS];
    char uuid[2 * CARDS][32];
} told;
static int open_listener(const struct collect_options *options, void **ret, struct error *e) {
    (void)options;
    (void)e;
    *ret = &told;
    return 0;
}
static int listen_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *e) {
    (void)self;
    (void)into;
    (void)e;
    told.n = cycle->n_gpu_users;
    for (size_t i = 0; i < told.n && i < COUNT_OF(told.pid); i++) {
        told.pid[i] = cycle->gpu_users[i].pid;
        told.device[i] = cycle->gpu_users[i].device_id;
        (void)snprintf(told.uuid[i], sizeof told.uuid[i], "%.*s", TEXT_ARG(cycle->gpu_users[i].device_uuid));
    }
    return 0;
}
static void listen_close(void *self) {
    (void)self;
}
static const struct collector listener = {
    "process", SECTION_PROCESS, false, open_listener, listen_sample, listen_close};

struct bench {
    struct collector reader;
    struct collect *c;
    struct frame f;
};

static void start(struct bench *b, int64_t wait_ns) {
    struct collect_options options = {.roots = {"/proc", "/sys", "/"}, .sections = ~0U, .wait_ns = wait_ns};
    b->reader = gpu_collector;
    b->reader.open = open_test;
    const struct collector *const list[] = {&b->reader, &listener, NULL};
    red.vendor = "nvidia";
    blue.vendor = "amd";
    assert_ok(collect_open(list, &options, &b->c, &err), err);
    frame_init(&b->f);
}
static void stop(struct bench *b) {
    assert_int_equal(collect_close(b->c), 0);
    frame_done(&b->f);
}
static int setup(void **state) {
    (void)state;
    red = blue = (struct script){.vendor = NULL};
    return 0;
}

static void sample(struct bench *b) {
    assert_ok(collect_sample(b->c, &b->f, &err), err);
    assert_true(b->f.gpus.asked);
}
/* Samples until there are so many cards and errors: what threads do comes when it comes. */
static void sample_until(struct bench *b, size_t n_gpus, size_t n_errors) {
    for (int i = 0; i < TRIES; i++) {
        sample(b);
        if (b->f.gpus.n == n_gpus && b->f.errors.n == n_errors)
            return;
        nap_ms(2);
    }
    fail_msg("%zu cards and %zu errors, not %zu and %zu; %.*s", b->f.gpus.n, b->f.errors.n, n_gpus, n_errors,
        TEXT_ARG(b->f.errors.n ? b->f.errors.at[0].message : TEXT("")));
}
static void check_card(const struct frame *f, size_t at, const char *uuid, uint64_t index, bool answers) {
    assert_true(at < f->gpus.n);
    const struct gpu *g = &f->gpus.at[at];
    assert_text(g->uuid, uuid);
    assert_int_equal(g->index, index);
    assert_int_equal(known_f64(g->utilization), answers);
    assert_int_equal(g->total_memory, 1000);
    assert_int_equal(g->detail.n, 1);
    assert_text(g->detail.at[0].value, "Script");
    assert_text(g->device_type, "GPU");
    assert_true(text_equal(g->host_id, f->hostname) && text_equal(g->hostname, f->hostname));
    assert_true(text_equal(g->instance, f->hostname));
    assert_int_equal(g->time.len, CLOCK_LOCAL_LEN);
}
static void check_error(const struct frame *f, const char *kind, const char *message) {
    assert_int_equal(f->errors.n, 1);
    assert_text(f->errors.at[0].section, "gpu");
    assert_text(f->errors.at[0].kind, kind);
    assert_text(f->errors.at[0].message, message);
}

static void no_drivers_no_cards(void **state) {
    (void)state;
    struct bench b;
    red.absent = blue.absent = true;
    start(&b, FIXTURE_WAIT_NS);
    for (int i = 0; i < 3; i++) {
        sample(&b);
        assert_int_equal(b.f.gpus.n, 0);
        assert_int_equal(b.f.errors.n, 0);
    }
    stop(&b);
    struct collector none = gpu_collector;
    none.open = open_none;
    const struct collector *const list[] = {&none, NULL};
    struct collect_options options = {.roots = {"/proc", "/sys", "/"}, .sections = ~0U};
    assert_ok(collect_open(list, &options, &b.c, &err), err);
    frame_init(&b.f);
    sample(&b);
    assert_int_equal(b.f.gpus.n, 0);
    stop(&b);
}

static void the_first_frame_has_all_cards_in_order(void **state) {
    (void)state;
    struct bench b;
    list_cards(&red, 2, NULL);
    list_cards(&blue, 3, (const int[]){9, 4, 7});
    start(&b, FIXTURE_WAIT_NS);
    for (int i = 0; i < 3; i++) {
        sample(&b);
        assert_int_equal(b.f.errors.n, 0);
        assert_int_equal(b.f.gpus.n, 5);
        check_card(&b.f, 0, "GPU-nvidia-0", 0, true);
        check_card(&b.f, 1, "GPU-nvidia-1", 1, true);
        check_card(&b.f, 2, "GPU-amd-9", 2, true);
        check_card(&b.f, 3, "GPU-amd-4", 3, true);
        check_card(&b.f, 4, "GPU-amd-7", 4, true);
        assert_false(b.f.processes.asked);
        assert_int_equal(told.n, 5);
        assert_int_equal(told.pid[3], 104);
        assert_int_equal(told.device[3], 3);
        assert_string_equal(told.uuid[3], "GPU-amd-4");
    }
    stop(&b);
    assert_int_equal(red.closed, 1);
    assert_int_equal(blue.closed, 1);
    assert_int_equal(blue.detached, 3);
}

static void a_hanging_card_costs_itself(void **state) {
    (void)state;
    struct bench b;
    char late[64];
    list_cards(&red, 3, NULL);
    blue.absent = true;
    start(&b, WAIT_MS * NS_PER_MS);
    sample_until(&b, 3, 0);
    set(&red.cards[1].hang, true);
    sample(&b);
    (void)snprintf(late, sizeof late, "red GPU 1 (0000:01:00.0): did not answer in %d ms", WAIT_MS);
    check_error(&b.f, "timeout", late);
    int64_t least = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        int64_t before = clock_mono_ns();
        sample(&b);
        int64_t took = clock_mono_ns() - before;
        least = took < least ? took : least;
        assert_int_equal(b.f.gpus.n, 3);
        check_card(&b.f, 0, "GPU-nvidia-0", 0, true);
        check_card(&b.f, 1, "GPU-nvidia-1", 1, false);
        check_card(&b.f, 2, "GPU-nvidia-2", 2, true);
        assert_text(b.f.gpus.at[1].name, "Card 1");
        assert_text(b.f.gpus.at[1].vendor, "nvidia");
        assert_text(b.f.gpus.at[1].pci_bus_id, "0000:01:00.0");
        assert_int_equal(b.f.errors.n, 1);
        assert_text(b.f.errors.at[0].kind, "timeout");
    }
    assert_true(least < WAIT_MS * NS_PER_MS); /* it is not waited for again */
    set(&red.cards[1].hang, false);
    sample_until(&b, 3, 0);
    check_card(&b.f, 1, "GPU-nvidia-1", 1, true);
    stop(&b);
}

static void a_lost_card_stays_with_its_name(void **state) {
    (void)state;
    struct bench b;
    list_cards(&red, 2, NULL);
    blue.absent = true;
    start(&b, FIXTURE_WAIT_NS);
    sample_until(&b, 2, 0);
    set(&red.cards[0].fail, true);
    sample_until(&b, 2, 1);
    check_error(&b.f, "error", "red GPU 0 (0000:00:00.0): GPU is lost");
    check_card(&b.f, 0, "GPU-nvidia-0", 0, false);
    check_card(&b.f, 1, "GPU-nvidia-1", 1, true);
    assert_int_equal(told.n, 1);
    set(&red.cards[0].shy, true);
    set(&red.cards[0].fail, false);
    sample_until(&b, 2, 1);
    check_error(&b.f, "error", "red GPU 0 (0000:00:00.0): is in its reset");
    check_card(&b.f, 0, "GPU-nvidia-0", 0, false);
    assert_text(b.f.gpus.at[0].name, "shy today"); /* what it says goes before what we remember */
    set(&red.cards[0].shy, false);
    sample_until(&b, 2, 0);
    check_card(&b.f, 0, "GPU-nvidia-0", 0, true);
    stop(&b);
}

static void a_card_that_never_answered_is_an_error(void **state) {
    (void)state;
    struct bench b;
    list_cards(&red, 2, NULL);
    list_cards(&blue, 1, NULL);
    red.cards[1].fail = true;
    start(&b, FIXTURE_WAIT_NS);
    sample_until(&b, 2, 1);
    check_error(&b.f, "error", "red GPU 1 (0000:01:00.0): GPU is lost");
    check_card(&b.f, 0, "GPU-nvidia-0", 0, true);
    check_card(&b.f, 1, "GPU-amd-0", 2, true); /* its number is kept for it */
    stop(&b);
}

static void cards_come_and_go(void **state) {
    (void)state;
    struct bench b;
    start(&b, FIXTURE_WAIT_NS);
    sample(&b);
    assert_int_equal(b.f.gpus.n, 0);
    assert_int_equal(b.f.errors.n, 0);
    list_cards(&red, 3, NULL);
    sample_until(&b, 3, 0);
    list_cards(&red, 2, (const int[]){2, 0}); /* the second is unplugged: it keeps its place for a while */
    set(&red.cards[1].fail, true);
    for (int i = 0; i < TRIES && !text_is(b.f.gpus.at[0].uuid, "GPU-nvidia-2"); i++) {
        sample(&b);
        nap_ms(1);
    }
    sample_until(&b, 2, 0);
    check_card(&b.f, 0, "GPU-nvidia-2", 0, true);
    check_card(&b.f, 1, "GPU-nvidia-0", 1, true);
    set(&red.cards[1].fail, false);
    list_cards(&red, 3, NULL);
    sample_until(&b, 3, 0);
    check_card(&b.f, 1, "GPU-nvidia-1", 1, true);
    stop(&b);
    assert_int_equal(red.attached, 4);
    assert_int_equal(red.detached, 4);
}

static void a_slow_open_holds_up_nobody(void **state) {
    (void)state;
    struct bench b;
    list_cards(&red, 1, NULL);
    list_cards(&blue, 1, NULL);
    red.hang_open = true;
    start(&b, WAIT_MS * NS_PER_MS);
    sample(&b); /* waits, and says so */
    assert_int_equal(b.f.errors.n, 1);
    assert_text(b.f.errors.at[0].kind, "timeout");
    assert_true(text_starts(b.f.errors.at[0].message, "red driver: still looking for cards after "));
    sample_until(&b, 1, 1);
    check_card(&b.f, 0, "GPU-amd-0", 0, true);
    set(&red.hang_open, false);
    sample_until(&b, 2, 0);
    check_card(&b.f, 0, "GPU-nvidia-0", 0, true);
    check_card(&b.f, 1, "GPU-amd-0", 1, true);
    stop(&b);
}

static void a_driver_that_fails_is_named_until_it_works(void **state) {
    (void)state;
    struct bench b;
    list_cards(&red, 2, NULL);
    blue.absent = true;
    red.open_error = "driver and library do not match";
    start(&b, FIXTURE_WAIT_NS);
    for (int i = 0; i < 3; i++) {
        sample(&b);
        assert_int_equal(b.f.gpus.n, 0);
        check_error(&b.f, "error", "red driver: driver and library do not match");
    }
    (void)pthread_mutex_lock(&lock);
    red.open_error = NULL;
    (void)pthread_mutex_unlock(&lock);
    sample_until(&b, 2, 0);
    (void)pthread_mutex_lock(&lock);
    red.list_error = "no answer";
    (void)pthread_mutex_unlock(&lock);
    sample_until(&b, 2, 1); /* the cards are there all the same */
    check_error(&b.f, "error", "red driver: no answer");
    check_card(&b.f, 1, "GPU-nvidia-1", 1, true);
    (void)pthread_mutex_lock(&lock);
    red.list_error = NULL;
    red.list_absent = true;
    (void)pthread_mutex_unlock(&lock);
    sample_until(&b, 0, 0); /* first with an error, then nothing to speak of */
    for (int i = 0; i < TRIES && count(&red.closed) == 0; i++)
        nap_ms(2);
    assert_int_equal(count(&red.detached), 2);
    set(&red.list_absent, false);
    sample_until(&b, 2, 0);
    assert_true(count(&red.opened) > 1);
    stop(&b);
    assert_int_equal(red.opened, red.closed);
}

static void a_card_that_cannot_be_taken_up_is_tried_again(void **state) {
    (void)state;
    struct bench b;
    list_cards(&red, 3, NULL);
    blue.absent = true;
    red.n_fail_attach = 1;
    start(&b, FIXTURE_WAIT_NS);
    sample(&b);
    if (b.f.errors.n > 0)
        check_error(&b.f, "error", "red driver: GPU 0000:00:00.0: no more handles");
    sample_until(&b, 3, 0);
    check_card(&b.f, 0, "GPU-nvidia-0", 0, true); /* in the driver's order, though it came last */
    check_card(&b.f, 2, "GPU-nvidia-2", 2, true);
    stop(&b);
}

static void as_many_cards_as_there_are(void **state) {
    (void)state;
    struct bench b;
    list_cards(&red, CARDS, NULL);
    list_cards(&blue, 3, (const int[]){1, 1, 2}); /* a driver that repeats itself */
    start(&b, FIXTURE_WAIT_NS);
    sample(&b);
    assert_int_equal(b.f.gpus.n, CARDS + 2);
    assert_int_equal(b.f.errors.n, 0);
    check_card(&b.f, CARDS - 1, "GPU-nvidia-63", CARDS - 1, true);
    check_card(&b.f, CARDS + 1, "GPU-amd-2", CARDS + 1, true);
    stop(&b);
    assert_int_equal(red.detached, CARDS);

    setup(NULL);
    blue.absent = true;
    list_cards(&red, GPU_CARDS_MAX + 5, NULL);
    start(&b, FIXTURE_WAIT_NS);
    sample(&b);
    assert_int_equal(b.f.gpus.n, GPU_CARDS_MAX);
    check_error(&b.f, "error", "red driver: has 261 cards: only the first 256 are read");
    stop(&b);
}

static void what_hangs_at_the_end_is_left_behind(void **state) {
    (void)state;
    struct bench b;
    list_cards(&red, 2, NULL);
    list_cards(&blue, 1, NULL);
    start(&b, WAIT_MS * NS_PER_MS);
    sample_until(&b, 3, 0);
    set(&red.cards[0].hang, true);
    set(&red.cards[1].hang, true);
    sample_until(&b, 3, 2);
    set(&blue.hang_open, true);
    stop(&b);
    assert_int_equal(count(&red.closed), 0);
    set(&red.cards[0].hang, false);
    set(&red.cards[1].hang, false); /* they come back, and the last one closes the driver */
    for (int i = 0; i < TRIES && count(&red.closed) == 0; i++)
        nap_ms(2);
    assert_int_equal(count(&red.closed), 1);
    assert_int_equal(count(&red.detached), 2);
    nap_ms(20);
}

static void a_driver_that_hangs_in_its_open_is_left_behind(void **state) {
    (void)state;
    struct bench b;
    red.hang_open = true;
    blue.absent = true;
    list_cards(&red, 1, NULL);
    start(&b, NS_PER_MS);
    sample(&b);
    assert_int_equal(b.f.gpus.n, 0);
    for (int i = 0; i < TRIES && count(&red.asked_to_open) == 0; i++)
        nap_ms(2);
    stop(&b);
    assert_int_equal(count(&red.opened), 0);
    set(&red.hang_open, false);
    for (int i = 0; i < TRIES && count(&red.closed) == 0; i++)
        nap_ms(2);
    assert_int_equal(count(&red.closed), 1);
    nap_ms(20);
}

static void a_hanging_attach_hides_no_other_card(void **state) {
    (void)state;
    struct bench b;
    blue.absent = true;
    list_cards(&red, 1, NULL);
    start(&b, WAIT_MS * NS_PER_MS);
    sample_until(&b, 1, 0);
    set(&red.hang_attach, true);
    list_cards(&red, 2, NULL);
    for (int i = 0; i < 10; i++) {
        sample(&b);
        assert_int_equal(b.f.gpus.n, 1);
        check_card(&b.f, 0, "GPU-nvidia-0", 0, true);
        nap_ms(2);
    }
    set(&red.hang_attach, false);
    sample_until(&b, 2, 0);
    stop(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_drivers_no_cards, setup),
        cmocka_unit_test_setup(the_first_frame_has_all_cards_in_order, setup),
        cmocka_unit_test_setup(a_hanging_card_costs_itself, setup),
        cmocka_unit_test_setup(a_lost_card_stays_with_its_name, setup),
        cmocka_unit_test_setup(a_card_that_never_answered_is_an_error, setup),
        cmocka_unit_test_setup(cards_come_and_go, setup),
        cmocka_unit_test_setup(a_slow_open_holds_up_nobody, setup),
        cmocka_unit_test_setup(a_driver_that_fails_is_named_until_it_works, setup),
        cmocka_unit_test_setup(a_card_that_cannot_be_taken_up_is_tried_again, setup),
        cmocka_unit_test_setup(as_many_cards_as_there_are, setup),
        cmocka_unit_test_setup(what_hangs_at_the_end_is_left_behind, setup),
        cmocka_unit_test_setup(a_driver_that_hangs_in_its_open_is_left_behind, setup),
        cmocka_unit_test_setup(a_hanging_attach_hides_no_other_card, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
