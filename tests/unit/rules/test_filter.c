/* tests/unit/rules/test_filter.c: filters: their words, what matches, and what is said of words that make no sense. */
#include "test.h"

#include <math.h>
#include <string.h>

#include "rules/filter.h"

static struct frame frame;

static struct gpu *add_gpu(const char *host, const char *uuid, double load, uint64_t heat, uint64_t used) {
    struct gpu *g = frame_add(&frame.arena, &frame.gpus.list, &gpu_table);
    assert_non_null(g);
    g->host_id = g->hostname = text_of(host);
    g->uuid = text_of(uuid);
    g->name = TEXT("NVIDIA H200");
    g->utilization = load;
    g->temperature = heat;
    g->used_memory = used;
    g->total_memory = UINT64_C(141) << 30;
    g->index = frame.gpus.n - 1;
    frame_add_detail(&frame.arena, &g->detail.list, TEXT("Driver Version"), TEXT("570.124.06"));
    return g;
}

static void add_process(const char *host, uint64_t pid, const char *user, const char *command, const char *uuid) {
    struct process *p = frame_add(&frame.arena, &frame.processes.list, &process_table);
    assert_non_null(p);
    p->host_id = text_of(host);
    p->pid = pid;
    p->user = text_of(user);
    p->command = text_of(command);
    p->device_uuid = text_of(uuid);
    p->uses_gpu = uuid[0] ? YES : NO;
    p->memory_rss = pid << 20;
}

static int make(void **state) {
    (void)state;
    frame_init(&frame);
    frame.hostname = TEXT("dgx-01");
    add_gpu("dgx-01", "GPU-a", 97, 85, UINT64_C(130) << 30);
    add_gpu("dgx-02", "GPU-b", 3, 41, 0);
    (void)add_gpu("DGX-10", "GPU-c", (double)NAN, U64_UNKNOWN, U64_UNKNOWN);
    add_process("dgx-01", 100, "mina", "python train.py --lr 1e-3", "GPU-a");
    add_process("dgx-01", 200, "root", "sshd: \"x\"", "");
    add_process("dgx-02", 300, "joe", "vllm serve", "GPU-b");
    return 0;
}

static int drop(void **state) {
    (void)state;
    frame_done(&frame);
    return 0;
}

/* Which cards and which processes match, as letters and digits: "a1" is the first of each. */
static void matches(const char *words, const char *wanted) {
    struct filter *f = NULL;
    struct error err = {0};
    char got[16] = "";
    size_t n = 0;
    assert_ok(filter_parse(text_of(words), &f, &err), err);
    for (size_t i = 0; i < frame.gpus.n; i++)
        if (filter_matches_gpu(f, &frame, &frame.gpus.at[i]))
            got[n++] = (char)('a' + i);
    for (size_t i = 0; i < frame.processes.n; i++)
        if (filter_matches_process(f, &frame, &frame.processes.at[i]))
            got[n++] = (char)('1' + i);
    filter_destroy(f);
    if (strcmp(got, wanted) != 0)
        fail_msg("%s matches %s, not %s", words, got, wanted);
}

static void refuses(const char *words, const char *wanted) {
    struct filter *f = NULL;
    struct error err = {0};
    int code = filter_parse(text_of(words), &f, &err);
    if (code >= 0)
        fail_msg("%s is taken", words);
    if (strcmp(err.text, wanted) != 0)
        fail_msg("%s: '%s', not '%s'", words, err.text, wanted);
}

static void numbers(void **state) {
    (void)state;
    matches("temp > 80", "a1");
    matches("gpu.temp>=85", "a1");
    matches("temp < 85", "b3");
    matches("temp != 41", "a1"); /* what is not known is not different either */
    matches("util <= 3", "b3");
    matches("mem_used > 100G", "a1");
    matches("mem_pct > 90%", "a1");
    matches("mem_total = 141G", "abc13");
    matches("index = 1", "b3");
    matches("pid = 200", "2");
    matches("process.memory_rss >= 200M", "b23"); /* a card matches when one of its processes does */
    matches("pid < 250", "a12");
}

static void texts(void **state) {
    (void)state;
    matches("host = dgx-01", "a12");
    matches("host = DGX-01", "a12");
    matches("host ~ \"dgx-0.\"", "ab123");
    matches("host ~ ^dgx", "abc123");
    matches("host != dgx-01", "bc3");
    matches("user = mina", "a1");
    matches("command ~ \"train|serve\"", "ab13");
    matches("command = \"sshd: \\\"x\\\"\"", "2");
    matches("gpu_name ~ h200", "abc13");
    matches("driver ~ ^570", "abc13");
    matches("uuid = GPU-b", "b3");
}

static void joined(void **state) {
    (void)state;
    matches("gpu.temp > 80 & host ~ \"dgx-0.*\" | user = joe", "ab13");
    matches("user = joe | user = mina & temp > 90", "b3"); /* & binds more tightly */
    matches("(user = joe | user = mina) & temp > 80", "a1");
    matches("!(temp > 80)", "bc23");
    matches("! temp > 80 & host = dgx-02", "b3");
    matches("temp > 80 && util > 90 || user = root", "a12");
}

static void refused(void **state) {
    (void)state;
    refuses("", "column 1: a field is expected, like temp, util, mem_pct, host, user, command");
    refuses("heat > 3", "column 1: 'heat' is none; a field is expected, like temp, util, mem_pct, host, user, command");
    refuses("temp", "column 5: one of > >= < <= = != ~ is expected");
    refuses("temp >", "column 7: a value is expected: a number, a word, or text in quotes");
    refuses("temp > hot", "column 8: a number is expected, like 80, 0.5 or 10G");
    refuses("temp ~ 8", "column 8: ~ is for texts; a number is compared with > >= < <= = !=");
    refuses("user > joe", "column 8: a text is compared with =, != or ~");
    refuses("user = \"joe", "column 8: the text that begins here has no closing quote");
    refuses("(temp > 8", "column 1: this parenthesis is not closed");
    refuses("temp > 8 user = joe", "column 10: & or | is expected");
    refuses("temp > 8 &", "column 11: a field is expected, like temp, util, mem_pct, host, user, command");
    refuses("user = \"\303\274\303\274\" x", "column 13: & or | is expected"); /* columns are characters */
    refuses(
        "command ~ \"(a{1,255}){1,255}\"", "column 11: this regular expression repeats too much, or refers back (\\1)");
    refuses("command ~ \"(\"", "column 11: no regular expression: Unmatched ( or \\(");
}

static void limits(void **state) {
    (void)state;
    struct filter *f = NULL;
    struct error err = {0};
    char long_one[FILTER_MAX + 2];
    memset(long_one, '!', sizeof long_one);
    assert_int_equal(filter_parse((struct text){long_one, FILTER_MAX + 1}, &f, &err), -ERR_LIMIT);
    assert_int_equal(filter_parse((struct text){long_one, FILTER_MAX}, &f, &err), -ERR_USAGE);
    assert_non_null(strstr(err.text, "too many parentheses"));
    memset(long_one, '(', sizeof long_one);
    assert_int_equal(filter_parse((struct text){long_one, FILTER_MAX}, &f, &err), -ERR_USAGE);
    assert_true(filter_matches_gpu(NULL, &frame, &frame.gpus.at[0]));
    assert_true(filter_matches_process(NULL, &frame, &frame.processes.at[0]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers, make, drop),
        cmocka_unit_test_setup_teardown(texts, make, drop),
        cmocka_unit_test_setup_teardown(joined, make, drop),
        cmocka_unit_test_setup_teardown(refused, make, drop),
        cmocka_unit_test_setup_teardown(limits, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
