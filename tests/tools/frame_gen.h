/* tests/tools/frame_gen.h: frames with random, legal content, made by walking the field tables. */
#ifndef TACHO_TESTS_FRAME_GEN_H
#define TACHO_TESTS_FRAME_GEN_H

#include "frame/frame.h"

/* xorshift64*: the same seed gives the same frames everywhere. Never 0. */
uint64_t frame_gen_random(uint64_t *state);

/* Fills `f` (initialised; reset first) with up to `max_items` items per section, each member known in about three of four
 * cases; `hostile` puts quotes, control bytes, emoji and long runs into texts. `wall_ns` and `seq` are left to the caller. */
void frame_gen(struct frame *f, uint64_t *state, size_t max_items, bool hostile);

/* Compares two frames member by member; prints the first difference to stderr and returns false. */
bool frame_gen_same(const struct frame *a, const struct frame *b);

#endif
