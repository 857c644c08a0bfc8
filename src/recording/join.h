/* recording/join.h: a frame out of its line, or out of the several lines that it was split into. */
#ifndef TACHO_RECORDING_JOIN_H
#define TACHO_RECORDING_JOIN_H

#include "base/json.h"
#include "frame/frame.h"

struct join_damage {
    unsigned rejected;  /* lines that are no frame */
    unsigned oversized; /* lines that hold more than FRAME_BYTES_MAX */
};

/* Reads the frame from its lines, with newlines between, as cursors and followers give them; JSON_PADDING bytes behind them must
 * be readable. A broken line of several is passed over and counted. -ERR_FORMAT or -ERR_LIMIT when none is left, otherwise as
 * frame_parse_json. */
int join_lines(struct json_parser *parser, struct text lines, struct frame *ret, struct join_damage *ret_damage,
    struct error *err) NODISCARD;

#endif
