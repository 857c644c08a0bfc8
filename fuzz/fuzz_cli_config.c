/* fuzz/fuzz_cli_config.c: INI text through the reader of configuration files. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/config.h"

struct values {
    const char *text, *other;
    int64_t duration;
    uint64_t size, count;
    double number;
    int word;
    bool flag, locked;
};

#define MEMBER(m) .name = #m, .offset = offsetof(struct values, m)
static const char *const words[] = {"zstd", "gzip", "none", NULL};
static const struct option_spec options[] = {
    {MEMBER(text), .type = OPTION_TEXT},
    {MEMBER(other), .type = OPTION_TEXT},
    {MEMBER(duration), .type = OPTION_DURATION},
    {MEMBER(size), .type = OPTION_SIZE},
    {MEMBER(count), .type = OPTION_COUNT, .least = 1, .most = 1000},
    {MEMBER(number), .type = OPTION_NUMBER},
    {MEMBER(word), .type = OPTION_WORD, .words = words},
    {MEMBER(flag), .type = OPTION_FLAG},
    {MEMBER(locked), .type = OPTION_FLAG, .no_config = true},
};
static const struct command run = {.name = "run", .options = options, .n_options = COUNT_OF(options)};
static const struct command other = {.name = "other", .options = options, .n_options = 3};
static const struct command *const list[] = {&run, &other, NULL};

static void need(bool holds) {
    if (!holds)
        abort();
}

static int parse(const uint8_t *data, size_t size, struct values *v, struct arena *texts, uint64_t *ret_given) {
    struct settings s = {.command = &run, .values = v};
    struct error err = {0};
    int r = config_parse(list, "f", (struct text){(const char *)data, size}, &s, texts, &err);
    need(r == 0 || (r == -ERR_USAGE && strncmp(err.text, "f:", 2) == 0));
    need(s.on_command_line == 0 && s.given < UINT64_C(1) << (COUNT_OF(options) - 1));
    *ret_given = s.given;
    return r;
}

static void need_same_text(const char *a, const char *b) {
    need(!a == !b && (!a || strcmp(a, b) == 0));
    need(!a || !strchr(a, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct values v = {0}, again = {0};
    struct arena texts = {0};
    uint64_t given = 0, given_again = 0;
    int r = parse(data, size, &v, &texts, &given);
    need(parse(data, size, &again, &texts, &given_again) == r && given == given_again);
    need(v.count <= 1000 && v.word >= 0 && v.word <= 2 && v.duration >= 0 && !v.locked);
    need(v.number == again.number && v.flag == again.flag);
    need_same_text(v.text, again.text);
    need_same_text(v.other, again.other);
    arena_done(&texts);
    return 0;
}
