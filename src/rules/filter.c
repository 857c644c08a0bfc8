/* rules/filter.c: does a card or a process match? */
#include "rules/filter.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "frame/derive.h"
#include "rules/filter_tree.h"

/* What a comparison is judged on. */
struct judged {
    const struct frame *frame;
    const struct gpu *gpu;         /* or NULL */
    const struct process *process; /* or NULL */
};

static bool compare_numbers(enum filter_operator op, double a, double b) {
    switch (op) {
    case OP_GREATER: return a > b;
    case OP_GREATER_EQUAL: return a >= b;
    case OP_LESS: return a < b;
    case OP_LESS_EQUAL: return a <= b;
    case OP_EQUAL: return a == b;
    case OP_NOT_EQUAL: return a < b || a > b; /* not so for what is not known */
    case OP_MATCHES: break;
    }
    return false;
}

static bool compare_texts(const struct filter_node *n, struct text t) {
    if (!known_text(t))
        return false;
    if (n->op == OP_MATCHES) {
        regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)t.len};
        return regexec(n->regex, t.at, 1, &range, REG_STARTEND) == 0;
    }
    bool same = t.len == n->text.len && strncasecmp(t.at, n->text.at, t.len) == 0;
    return n->op == OP_EQUAL ? same : !same;
}

static double memory_percent(const struct gpu *g) {
    if (!known_u64(g->used_memory) || !known_u64(g->total_memory) || g->total_memory == 0)
        return NAN;
    return 100 * (double)g->used_memory / (double)g->total_memory;
}

static struct text driver_of(const struct gpu *g) {
    for (size_t i = 0; i < g->detail.n; i++)
        if (text_is(g->detail.at[i].key, "Driver Version"))
            return g->detail.at[i].value;
    return (struct text){NULL, 0};
}

/* One member of one item, as text or number. */
static bool judge_member(const struct filter_node *n, const void *item) {
    const struct field *f = n->subject.field;
    const char *at = (const char *)item + f->offset;
    if (n->subject.is_text)
        return compare_texts(n, *(const struct text *)(const void *)at);
    if (f->type == FIELD_U64 && !known_u64(*(const uint64_t *)(const void *)at))
        return false;
    if (f->type == FIELD_U64) /* a counter itself, not its rate: there is one frame here */
        return compare_numbers(n->op, (double)*(const uint64_t *)(const void *)at, n->number);
    if (f->type == FIELD_F64)
        return compare_numbers(n->op, *(const double *)(const void *)at, n->number);
    return compare_numbers(n->op, derive_value(f, NULL, item, 0), n->number);
}

static bool judge_gpu(const struct filter_node *n, const struct gpu *g) {
    if (!g)
        return false;
    switch (n->subject.special) {
    case SPECIAL_MEMORY_PERCENT: return compare_numbers(n->op, memory_percent(g), n->number);
    case SPECIAL_DRIVER: return compare_texts(n, driver_of(g));
    case SPECIAL_HOST: return compare_texts(n, g->host_id) || (n->op != OP_NOT_EQUAL && compare_texts(n, g->hostname));
    case PLAIN_FIELD: break;
    }
    return judge_member(n, g);
}

static bool uses(const struct process *p, const struct gpu *g) {
    return p->device_uuid.len > 0 && text_equal(p->device_uuid, g->uuid) &&
           (!known_text(p->host_id) || text_equal(p->host_id, g->host_id));
}

static bool judge_comparison(const struct filter_node *n, const struct judged *j) {
    if (n->subject.special == SPECIAL_HOST && j->process)
        return compare_texts(n, known_text(j->process->host_id) ? j->process->host_id : j->frame->hostname);
    if (n->subject.table == &gpu_table)
        return judge_gpu(n, j->gpu);
    if (j->process)
        return judge_member(n, j->process);
    for (size_t i = 0; j->gpu && i < j->frame->processes.n; i++) {
        const struct process *p = &j->frame->processes.at[i];
        if (uses(p, j->gpu) && judge_member(n, p))
            return true;
    }
    return false;
}

/* Nodes refer only to earlier ones, and FILTER_DEPTH_MAX and FILTER_NODES_MAX bound how deep this goes. */
static bool judge(const struct filter *f, uint16_t node, const struct judged *j) {
    const struct filter_node *n = &f->nodes[node];
    switch (n->kind) {
    case NODE_AND: return judge(f, n->left, j) && judge(f, n->right, j);
    case NODE_OR: return judge(f, n->left, j) || judge(f, n->right, j);
    case NODE_NOT: return !judge(f, n->left, j);
    case NODE_COMPARE: break;
    }
    return judge_comparison(n, j);
}

bool filter_matches_gpu(const struct filter *f, const struct frame *frame, const struct gpu *gpu) {
    return !f || judge(f, f->root, &(struct judged){.frame = frame, .gpu = gpu});
}

bool filter_matches_process(const struct filter *f, const struct frame *frame, const struct process *process) {
    struct judged j = {.frame = frame, .process = process};
    if (!f)
        return true;
    for (size_t i = 0; i < frame->gpus.n && process->device_uuid.len > 0 && !j.gpu; i++)
        if (uses(process, &frame->gpus.at[i]))
            j.gpu = &frame->gpus.at[i];
    return judge(f, f->root, &j);
}
