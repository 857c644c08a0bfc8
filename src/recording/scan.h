/* recording/scan.h: reads a segment from its first byte to its last and reports what is in it. */
#ifndef TACHO_RECORDING_SCAN_H
#define TACHO_RECORDING_SCAN_H

#include "recording/overview.h"
#include "recording/recording.h"

enum scan_fault {
    SCAN_REJECTED,    /* a line that is no line of a recording, or a frame that does not parse */
    SCAN_OVERSIZED,   /* a line over LINE_MAX_BYTES, or that holds more than FRAME_BYTES_MAX */
    SCAN_INCOMPLETE,  /* a frame of several lines of which some are missing */
    SCAN_UNDECODED,   /* compressed bytes that do not decode, or a wrong checksum */
    SCAN_REFUSED,     /* a zstd window over 2^LINE_WINDOW_LOG_MAX */
    SCAN_TORN,        /* the file ends in the middle of a line or of a compressed stream */
    SCAN_INDEX,       /* an index line or the time index says something else than the frames */
    SCAN_HEADER,      /* the segment does not begin with a header */
    SCAN_FAULTS,
};
extern const char *const scan_fault_names[SCAN_FAULTS]; /* "rejected line" … */

struct scan_mark {
    int64_t wall_ns;
    struct text text;
};

/* One fault: where it is, and what is wrong. */
struct scan_found {
    enum scan_fault fault;
    uint64_t line;        /* counted from 1 in the decoded text; 0 when it is no line */
    uint64_t offset;      /* of the line in the decoded text; in the file when it is no line: of the chunk, or at most of the
                             fault for SCAN_UNDECODED and SCAN_REFUSED */
    char message[200];
};

struct scan_report {
    bool gone;               /* its file was removed or replaced before it could be read: all else is empty */
    struct overview all;
    uint64_t lines;
    uint64_t text_bytes, file_bytes;
    enum codec codec;
    bool seek_table;
    uint64_t faults[SCAN_FAULTS];
    struct scan_found first; /* the first fault; faults all 0: none */
    struct scan_mark *marks; /* in arena */
    size_t n_marks;
    int64_t previous_ns;     /* in and out: the last frame before this segment, for gaps; TIME_UNKNOWN at the start */
    uint64_t gpu_count;      /* most GPUs seen in a frame */
};

/* Scans segment `segment`. `*report` is filled; `previous_ns` is read first and left at the last frame. A recorder that rotates
 * takes old segments away: that is no error, the report says `gone`. Progress is told to
 * `tell` (may be NULL) every few MiB with the share read so far. -ERR_SCHEMA, -ERR_OS, -ERR_NOMEM. */
int recording_scan(struct recording *r, size_t segment, struct arena *arena, struct scan_report *report,
    void (*tell)(double share), struct error *err) NODISCARD;

/* The same from the notes of the chunks, where they have them: 1; 0 when none has. Only chunks that hold marks and those without
 * a note (the last one of a killed recorder) are decoded. Counts are what the notes say; `lines` stays 0. */
int recording_summary(struct recording *r, size_t segment, struct arena *arena, struct scan_report *report,
    struct error *err) NODISCARD;

#endif
