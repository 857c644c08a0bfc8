/* frame/derive.c: rates, from two frames. */
#include "frame/derive.h"

#include "base/clock.h"

double derive_rate(uint64_t before, uint64_t after, int64_t elapsed_ns) {
    if (!known_u64(before) || !known_u64(after) || after < before || elapsed_ns <= 0)
        return NAN;
    return (double)(after - before) * (double)NS_PER_SECOND / (double)elapsed_ns;
}

double derive_rate_f64(double before, double after, int64_t elapsed_ns) {
    if (!known_f64(before) || !known_f64(after) || after < before || elapsed_ns <= 0)
        return NAN;
    return (after - before) * (double)NS_PER_SECOND / (double)elapsed_ns;
}

const void *derive_match(const struct field_table *table, const struct list *before, const void *item, size_t *hint) {
    size_t at = hint && *hint < before->n ? *hint : 0;
    for (size_t tried = 0; tried < before->n; tried++) {
        const void *candidate = (const char *)before->at + at * table->size;
        at = at + 1 < before->n ? at + 1 : 0;
        if (field_same(table, candidate, item)) {
            if (hint)
                *hint = at;
            return candidate;
        }
    }
    return NULL;
}

double derive_value(const struct field *field, const void *before, const void *item, int64_t elapsed_ns) {
    const void *now = (const char *)item + field->offset;
    const void *then = before ? (const char *)before + field->offset : NULL;
    if (!field_known(field, item) || (field->counter && !then))
        return NAN;
    switch (field->type) {
    case FIELD_U64:
        return field->counter ? derive_rate(*(const uint64_t *)then, *(const uint64_t *)now, elapsed_ns)
                              : (double)*(const uint64_t *)now;
    case FIELD_I64: return (double)*(const int64_t *)now;
    case FIELD_F64:
        return field->counter ? derive_rate_f64(*(const double *)then, *(const double *)now, elapsed_ns)
                              : *(const double *)now;
    case FIELD_BOOL: return *(const enum yes_no *)now == YES ? 1 : 0;
    case FIELD_TEXT:
    case FIELD_LIST:
    case FIELD_OBJECT:
    case FIELD_TEXTS:
    case FIELD_DETAIL: break;
    }
    return NAN;
}
