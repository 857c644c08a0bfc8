/* recording/segment.h: one file of a recording, cut into stretches that can be entered, and pages of its lines in memory. */
#ifndef TACHO_RECORDING_SEGMENT_H
#define TACHO_RECORDING_SEGMENT_H

#include "base/buffer.h"
#include "recording/line.h"
#include "recording/overview.h"
#include "recording/recording.h"

/*
 * A stretch is what can be entered without reading what stands before it: a chunk of a compressed file, or PAGE_BYTES of a
 * plain one. A page is the lines that begin within PAGE_BYTES of decoded text, counted from the start of their stretch: a
 * plain stretch has one page, a chunk as many as it needs. Pages hold frames and marks only.
 */
enum { PAGE_BYTES = 1 << 20, PAGES_MAX = 32 };

struct page_start {
    bool has_frame;
    int64_t first_ns;       /* of the page's first frame */
    uint64_t first_seq;
};

enum leading { LEADING_UNKNOWN, LEADING_OWN, LEADING_CONTINUES };

struct stretch {
    uint64_t offset, size;  /* in the file */
    struct text note;       /* the chunk's overview, unparsed; NULL `at` when there is none */
    size_t pages_counted;   /* pages below this one were read before: their damage is counted */
    struct page_start *starts; /* of those pages, for seeking; NULL while there is one at most */
    size_t starts_cap;
    enum leading leading;   /* does it begin with parts of the frame before it? */
    bool probed;            /* the three below are set */
    bool has_frame;
    int64_t first_ns;       /* of the first frame */
    uint64_t first_seq;
};

/* A frame that was split by host is one of them: its parts stand one behind the other, with newlines between. */
struct page_line {
    uint32_t offset, len;   /* in the page's text */
    int64_t wall_ns;
    uint64_t seq;
    bool partial;           /* some of its parts are missing */
    bool counted;           /* what is broken in it was counted */
    enum recording_line kind; /* RECORDING_FRAME, RECORDING_MARK; RECORDING_REJECT once a frame turned out broken */
};

struct page {
    size_t segment, stretch, number;
    struct buffer text;
    struct page_line *lines;
    size_t n, cap;
    bool last;              /* the stretch ends with this page */
    bool counted;           /* its damage was counted when it was read before */
    bool damaged;           /* something in it could not be read… */
    bool undecoded;         /* …because it does not decode… */
    bool damaged_first;     /* …and stands before its first frame */
    bool has_frame;
    bool open;              /* parts of its last frame are still to come… */
    bool from_first;        /* …and it began with the first */
    uint64_t used;          /* for the cache: when it was last asked for */
};

/* Reads the lines that begin in one stretch. */
struct stretch_reader {
    struct line_reader *lines;
    size_t stretch;
    bool fresh;  /* what comes next may be the rest of a line of the stretch before */
    bool inside; /* entered behind the stretch's start */
    bool leading; /* nothing was met yet: what comes next may be parts of the frame before it */
    struct line_head before; /* the last line that was peeked, but for those that may stand between parts */
    bool continues; /* it goes on with the frame before it… */
    bool unsure;    /* …or not: that was not read */
    bool beyond; /* the last line, which ends behind the stretch, was read */
    bool cut;    /* at the end: inside a compressed stream */
};

struct segment {
    char *path;
    struct line_file *file;           /* NULL: not needed yet, or parked: closed again, with what is known of it kept */
    struct stretch_reader sequential; /* goes on from page to page */
    struct stretch_reader probe;      /* looks at the starts of stretches */
    size_t next_stretch, next_page; /* where `sequential` stands; next_stretch SIZE_MAX: nowhere */
    struct buffer held;             /* the line that ended a page, padded: it begins the next one */
    struct line held_line;
    bool has_held;
    bool listed;                    /* all stretches are listed; else none, or the first alone */
    struct stretch *stretches;
    size_t n_stretches;
    bool noted;                     /* every stretch has a note */
    bool checked;                   /* the stretches are those of a walk, or the same */
    char *notes;                    /* owns the texts of their notes */
    bool known;                     /* it was open once, and its facts are: */
    struct line_file_facts facts;
    bool stays_open;                /* the active file: rotation may take its name */
    bool distrusted;
    bool torn;                      /* it was seen to end in the middle of something: counted once */
    bool gone;                      /* not there any more, or another file: no stretches */
};

enum { SEGMENTS_OPEN_MAX = 8 }; /* besides one that stays open: each takes a descriptor and buffers of 1 MiB */

struct recording {
    struct segment *segments;
    size_t n_segments;
    bool several;                   /* of more than one recording */
    struct json_parser *parser;
    struct arena arena;             /* the header's texts */
    struct recording_header header;
    struct text header_line;
    bool opened;                    /* from now on a segment that is not there any more is damage */
    size_t open[SEGMENTS_OPEN_MAX]; /* segments, the last used one first */
    size_t n_open;
    uint64_t generation;            /* rises when stretches get other numbers */
    struct page none;               /* of a stretch that is not there any more */
    int piped_fd;                   /* what came through standard input; -1: nothing did */
    struct page *pages[PAGES_MAX];  /* cache */
    uint64_t clock;                 /* of the cache */
    struct recording_damage damage;
};

/* Makes sure that it is open, and parks the longest unused one when there are too many. -ERR_STALE: its file has gone, or is
 * another one by now; it has no stretches any more. After that -ERR_ABSENT. */
int segment_open(struct recording *r, size_t segment, struct error *err) NODISCARD;
void segment_park_all(struct recording *r); /* but those that stay open */
void segment_close(struct segment *s);
void segment_forget_stretches(struct segment *s);
/* Lists the stretches: chunks from the index or by walking, or pages of a plain file. None when it has gone. */
int segment_list(struct recording *r, size_t segment, struct error *err) NODISCARD;
/* Lists the first stretch at least: what the first frame needs, without walking a whole file. */
int segment_list_first(struct recording *r, size_t segment, struct error *err) NODISCARD;
/* Forgets the index and lists again by walking. */
int segment_distrust(struct recording *r, size_t segment, struct error *err) NODISCARD;
/* Something does not fit: holds the stretches that a seek table gave against a walk, once. -ERR_STALE: they were untrue. */
int segment_check(struct recording *r, size_t segment, struct error *err) NODISCARD;
/* To the start of the stretch, or as near before `text_offset` of its text as that saves decoding. */
int segment_enter(struct segment *s, struct stretch_reader *reader, size_t stretch, uint64_t text_offset, struct error *err)
    NODISCARD;
/* As line_reader_next; 0 behind the last line that begins in the stretch. */
int segment_next_line(struct stretch_reader *reader, struct line *ret, struct error *err) NODISCARD;
/* Behind the end of a stretch, where the parts that are missing of its last frame would stand: the next line there. */
int segment_next_beyond(struct stretch_reader *reader, struct line *ret, struct error *err) NODISCARD;
/* As line_peek; the rest of a line that began in the stretch before is a blank line. */
enum recording_line segment_peek(struct recording *r, size_t segment, struct stretch_reader *reader,
    const struct line *line, struct line_head *ret);
/* The place before a line that cannot be read: no frame goes on behind it. */
void segment_break(struct stretch_reader *reader);
/* Finds out the first frame's time and seq of a stretch: from its note, else by decoding its first lines. */
int segment_probe(struct recording *r, size_t segment, size_t stretch, struct error *err) NODISCARD;
/* The page, from the cache or the file. Good until the next call. A page past the last one of its stretch is empty and `last`.
 * -ERR_STALE: the index said something else than the frames do; it has been dropped, and stretches are numbered anew. */
int segment_page(struct recording *r, size_t segment, size_t stretch, size_t number, struct page **ret, struct error *err)
    NODISCARD;
void segment_drop_pages(struct recording *r, size_t segment); /* SIZE_MAX: of all segments */

#endif
