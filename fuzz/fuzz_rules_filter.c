/* fuzz/fuzz_rules_filter.c: filters are read and matched against a small frame; what is refused is refused with a reason. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rules/filter.h"
#include "rules/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what)                                                                                                  \
    do {                                                                                                               \
        if (!(what))                                                                                                   \
            abort();                                                                                                   \
    } while (0)

/* Two cards and two processes; of the second of each little is known. */
static void make_frame(struct frame *f) {
    frame_init(f);
    f->hostname = TEXT("dgx-01");
    for (int i = 0; i < 2; i++) {
        struct gpu *g = frame_add(&f->arena, &f->gpus.list, &gpu_table);
        struct process *p = frame_add(&f->arena, &f->processes.list, &process_table);
        REQUIRE(g && p);
        g->host_id = g->hostname = TEXT("dgx-01");
        g->uuid = i ? TEXT("GPU-b") : TEXT("GPU-a");
        p->device_uuid = i ? TEXT("GPU-x") : TEXT("GPU-a");
        p->pid = 100;
        if (i)
            continue;
        g->name = TEXT("NVIDIA H200");
        g->temperature = 85;
        g->utilization = 97.5;
        g->used_memory = 1 << 30;
        g->total_memory = UINT64_C(2) << 30;
        frame_add_detail(&f->arena, &g->detail.list, TEXT("Driver Version"), TEXT("570.124.06"));
        p->user = TEXT("mina");
        p->command = TEXT("python train.py \377\033 --lr 1e-3 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
    }
}

static void match_all(const struct filter *f, const struct filter *opposite, const struct frame *frame) {
    for (size_t i = 0; i < frame->gpus.n; i++) {
        const struct gpu *g = &frame->gpus.at[i];
        REQUIRE(!opposite || filter_matches_gpu(f, frame, g) != filter_matches_gpu(opposite, frame, g));
    }
    for (size_t i = 0; i < frame->processes.n; i++) {
        const struct process *p = &frame->processes.at[i];
        REQUIRE(!opposite || filter_matches_process(f, frame, p) != filter_matches_process(opposite, frame, p));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct frame frame;
    struct filter *filter = NULL, *opposite = NULL;
    struct error err = {.text = ""};
    char negated[FILTER_MAX + 4] = "!(";
    if (!frame.gpus.asked)
        make_frame(&frame);
    struct text t = {(const char *)data, size};
    (void)pattern_size(t);
    int code = filter_parse(t, &filter, &err);
    if (code < 0) {
        REQUIRE(!filter && code == -(int)err.code && err.text[0] && text_is_utf8(text_of(err.text)));
        return 0;
    }
    memcpy(negated + 2, data, size);
    negated[size + 2] = ')';
    /* Longer, and deeper by two: it may be over a limit. */
    if (filter_parse((struct text){negated, size + 3}, &opposite, &err) < 0)
        opposite = NULL;
    match_all(filter, opposite, &frame);
    filter_destroy(filter);
    filter_destroy(opposite);
    return 0;
}
