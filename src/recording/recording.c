/* recording/recording.c: opens recordings for reading. */
#include "recording/recording.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "linefile/chain.h"
#include "recording/piped.h"
#include "recording/place.h"

enum { HEAD_LINES = 64 }; /* lines looked at for the header: it is the first one, or missing */

static int add_segment(struct recording *r, char *path, struct error *err) {
    if (r->n_segments == RECORDING_SEGMENTS_MAX) {
        free(path);
        return error_set(err, ERR_LIMIT, "more than %d segments", RECORDING_SEGMENTS_MAX);
    }
    if ((r->n_segments & (r->n_segments - 1)) == 0) { /* grows at powers of two */
        size_t cap = r->n_segments ? r->n_segments * 2 : 1;
        struct segment *segments = realloc(r->segments, cap * sizeof *segments);
        if (!segments) {
            free(path);
            return error_set(err, ERR_NOMEM, "segments");
        }
        r->segments = segments;
    }
    r->segments[r->n_segments++] = (struct segment){.path = path};
    return 0;
}

/* Was it added before, as itself or with its chain? Names may differ: ./run.ndjson is run.ndjson. */
static bool is_added(const struct recording *r, const char *path) {
    struct stat wanted, there;
    if (r->n_segments == 0 || stat(path, &wanted) != 0)
        return false;
    for (size_t i = 0; i < r->n_segments; i++)
        if (stat(r->segments[i].path, &there) == 0 && there.st_dev == wanted.st_dev && there.st_ino == wanted.st_ino)
            return true;
    return false;
}

/* The chain that `path` is the base or a segment of. */
static int list_chain(const char *path, struct chain *ret) {
    struct chain whole = {0};
    char *base = NULL;
    unsigned number = 0;
    bool member = false;
    int code = chain_list(path, ret, NULL);
    if (code < 0 || ret->n != 1 || !chain_parse_path(path, &base, &number))
        return code;
    if (chain_list(base, &whole, NULL) == 0)
        for (size_t i = 0; i < whole.n; i++)
            member = member || whole.at[i].number == number;
    free(base);
    chain_done(member ? ret : &whole);
    if (member)
        *ret = whole;
    return 0;
}

/* All segments of its chain; the file alone when it has no siblings. */
static int add_path(struct recording *r, const char *path, bool chained, struct error *err) {
    struct chain chain = {0};
    char *piped = NULL;
    int code = 0;
    if (strcmp(path, "-") == 0) {
        code = r->piped_fd >= 0 ? 0 : piped_keep(&r->piped_fd, &piped, err);
        return code == 0 && piped ? add_segment(r, piped, err) : code;
    }
    if (is_added(r, path))
        return 0;
    if (chained && list_chain(path, &chain) == 0) {
        for (size_t i = 0; i < chain.n && code == 0; i++) {
            code = add_segment(r, chain.at[i].path, err);
            chain.at[i].path = NULL;
            if (code == 0)
                r->segments[r->n_segments - 1].stays_open = chain.at[i].number == 0 && !r->several;
        }
        chain_done(&chain);
        return code;
    }
    char *copy = strdup(path);
    return copy ? add_segment(r, copy, err) : error_set(err, ERR_NOMEM, "%s", path);
}

static int take_header(struct recording *r, const struct line *line, struct error *err) {
    r->header_line = arena_text(&r->arena, (struct text){line->at, line->len});
    return line_parse_header(r->parser, line->at, line->len, &r->arena, &r->header, err);
}

/* Reads the first lines of a segment for its header. `*ret_known` when one of them is of a recording. */
static int read_head(struct recording *r, size_t segment, bool *ret_known, struct error *err) {
    struct segment *s = &r->segments[segment];
    struct line line;
    struct line_head head;
    bool known = false;
    int code = segment_open(r, segment, err);
    for (unsigned i = 0; code >= 0 && i < HEAD_LINES && !known; i++) {
        code = line_reader_next(s->probe.lines, &line, err);
        if (line_reader_passed(code)) {
            code = 1;
            continue;
        }
        if (code != 1)
            break;
        line_peek(r->parser, line.at, line.len, &head);
        if (head.schema != FRAME_SCHEMA)
            return line_refuse_schema(line.at, line.len, head.schema, err);
        if (head.kind == RECORDING_HEADER && r->header.n_hosts == 0 && r->header.interval_ns == 0)
            code = take_header(r, &line, err);
        known = head.kind == RECORDING_HEADER || head.kind == RECORDING_FRAME;
    }
    *ret_known = known;
    return code < 0 ? code : 0;
}

/* A file that begins with something else is refused when it has lines, and none of them is a recording's. Data that does not
 * decode says nothing: it may be all that is left of one. */
static int refuse_foreign(struct recording *r, struct error *err) {
    struct place p;
    int code = place_start(r, &p, err);
    if (code == 1)
        code = place_forward(r, &p, KIND(RECORDING_FRAME) | KIND(RECORDING_MARK), err);
    if (code == 0 && r->damage.rejected > 0)
        return error_set(err, ERR_FORMAT, "%s holds no recording: no line of it is one", r->segments[0].path);
    return code < 0 ? code : 0;
}

struct ordered {
    struct segment segment;
    int64_t first_ns; /* TIME_UNKNOWN, which is before all others, when it has no frame */
    size_t number;
};

static int by_time(const void *a, const void *b) {
    const struct ordered *x = a, *y = b;
    if (x->first_ns != y->first_ns)
        return x->first_ns < y->first_ns ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static int first_time(struct recording *r, size_t segment, int64_t *ret_ns, struct error *err) {
    struct segment *s = &r->segments[segment];
    int code = segment_list_first(r, segment, err);
    *ret_ns = TIME_UNKNOWN;
    for (size_t i = 0; code == 0; i++) {
        if (i == s->n_stretches && !s->listed)
            code = segment_list(r, segment, err);
        if (code < 0 || i >= s->n_stretches)
            break;
        code = segment_probe(r, segment, i, err);
        if (code == 0 && s->stretches[i].has_frame) {
            *ret_ns = s->stretches[i].first_ns;
            break;
        }
    }
    return code;
}

/* Several recordings are played one behind the other, whatever order they were given in. */
static int order_by_time(struct recording *r, struct error *err) {
    struct ordered *list = calloc(r->n_segments, sizeof *list);
    if (!list)
        return error_set(err, ERR_NOMEM, "segments");
    int code = 0;
    for (size_t i = 0; i < r->n_segments && code == 0; i++) {
        int64_t first_ns = 0;
        code = first_time(r, i, &first_ns, err);
        segment_park_all(r); /* they get other numbers */
        list[i] = (struct ordered){r->segments[i], first_ns, i};
    }
    if (code == 0) {
        qsort(list, r->n_segments, sizeof *list, by_time);
        for (size_t i = 0; i < r->n_segments; i++)
            r->segments[i] = list[i].segment;
    }
    free(list);
    return code;
}

int recording_open(const char *const *paths, size_t n, bool chain, struct recording **ret, struct error *err) {
    struct recording *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(err, ERR_NOMEM, "recording");
    r->header.started_ns = TIME_UNKNOWN;
    r->several = n > 1;
    r->piped_fd = -1;
    int code = json_parser_create(&r->parser, err);
    for (size_t i = 0; i < n && code == 0; i++)
        code = add_path(r, paths[i], chain, err);
    bool known = false;
    for (size_t i = 0; i < r->n_segments && code == 0 && (i == 0 || r->header.interval_ns == 0); i++)
        code = read_head(r, i, &known, err);
    if (code == 0 && r->n_segments == 1 && !known)
        code = refuse_foreign(r, err);
    if (code == 0 && n > 1)
        code = order_by_time(r, err);
    if (code < 0) {
        recording_close(r);
        return code;
    }
    r->opened = true;
    *ret = r;
    return 0;
}

void recording_close(struct recording *r) {
    if (!r)
        return;
    segment_drop_pages(r, SIZE_MAX);
    for (size_t i = 0; i < r->n_segments; i++)
        segment_close(&r->segments[i]);
    free(r->segments);
    file_close(&r->piped_fd);
    json_parser_destroy(r->parser);
    arena_done(&r->arena);
    free(r);
}

const struct recording_header *recording_header(const struct recording *r) {
    return &r->header;
}

struct text recording_header_line(const struct recording *r) {
    return r->header_line;
}

size_t recording_segments(const struct recording *r) {
    return r->n_segments;
}

const char *recording_segment_path(const struct recording *r, size_t segment) {
    return r->segments[segment].path;
}

struct recording_damage recording_damage(const struct recording *r) {
    return r->damage;
}
