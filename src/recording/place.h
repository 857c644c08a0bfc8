/* recording/place.h: where a line stands in a recording, and the way from one to the next. */
#ifndef TACHO_RECORDING_PLACE_H
#define TACHO_RECORDING_PLACE_H

#include "recording/segment.h"

/* A line of a page. `line` may be one behind the last (or SIZE_MAX): then it stands for the end of its page. */
struct place {
    size_t segment, stretch, page, line;
};

static inline bool place_same(const struct place *a, const struct place *b) {
    return a->segment == b->segment && a->stretch == b->stretch && a->page == b->page && a->line == b->line;
}

/* All return 1, 0 when there is nothing that way, or a negative code (-ERR_STALE as segment_page). */
int place_start(struct recording *r, struct place *ret, struct error *err) NODISCARD; /* of the first stretch there is */
int place_next_stretch(struct recording *r, struct place *p, struct error *err) NODISCARD;     /* to its start */
int place_previous_stretch(struct recording *r, struct place *p, struct error *err) NODISCARD; /* to its end */
/* To the next line of one of the kinds (bits), from `p` on, itself included; to the line before `p`. A line taken for a frame
 * may still turn out broken. */
int place_forward(struct recording *r, struct place *p, unsigned kinds, struct error *err) NODISCARD;
int place_backward(struct recording *r, struct place *p, unsigned kinds, struct error *err) NODISCARD;
#define KIND(line_kind) (1U << (line_kind))

/* A least time or a least label. */
struct goal {
    bool by_seq;
    int64_t wall_ns;
    uint64_t seq;
};
/* The first line that reaches the goal. 1: there; 0: there is none. Times are bisected, so where they go backward it is some line
 * that reaches the goal behind one that does not, and 0 says only that the lines behind the place found do not. What an index says is not believed until the frames
 * themselves agree; an untrue one is dropped on the way. */
int place_seek(struct recording *r, const struct goal *g, struct place *ret, struct error *err) NODISCARD;

#endif
