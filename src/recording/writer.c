/* recording/writer.c: the sink that keeps frames. */
#include "recording/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "recording/overview.h"
#include "recording/resume.h"
#include "recording/split.h"

/* A rotation that failed is tried again after so many frames: each try ends a chunk, and chunks of one frame compress badly. */
enum { HINDERED_FRAMES = 20 };

struct recording_writer {
    struct recording_writer_options options;
    struct line_writer *file;
    struct buffer line;
    struct overview chunk; /* of the frames in the present chunk */
    uint64_t chunk_start;  /* text offset where it began */
    uint64_t next_seq;
    int64_t previous_ns; /* of the last frame written */
    int64_t flushed_mono_ns;
    uint64_t frames, errors, lost;
    bool begun;           /* a line of the present frame is in the file */
    uint64_t lost_unsaid; /* lost frames that no frame in the file tells of yet */
    bool troubled;
    struct error trouble;
    bool hindered;
    struct error hindrance; /* of the last rotation */
};

static struct line_writer_facts file_facts(const struct recording_writer *w) {
    return line_writer_facts(w->file);
}

static int put_line(struct recording_writer *w, struct error *err) {
    int r = buffer_status(&w->line, err);
    return r < 0 ? r : line_writer_put(w->file, w->line.at, w->line.len, err);
}

static int begin_segment(struct recording_writer *w, struct error *err) {
    if (!file_facts(w).empty)
        return 0;
    buffer_clear(&w->line);
    line_put_header(&w->options.header, &w->line);
    return put_line(w, err);
}

static int end_chunk(struct recording_writer *w, struct error *err) {
    struct buffer note = {0};
    overview_write(&w->chunk, &note);
    int r = buffer_status(&note, err);
    if (r == 0)
        r = line_writer_chunk(w->file, note.at, note.len, err);
    buffer_done(&note);
    if (r == 0) {
        overview_init(&w->chunk);
        w->chunk_start = file_facts(w).text_bytes;
    }
    return r;
}

int recording_writer_open(const struct recording_writer_options *o, struct recording_writer **ret, struct error *err) {
    struct recording_writer *w = calloc(1, sizeof *w);
    if (!w)
        return error_set(err, ERR_NOMEM, "recording");
    w->options = *o;
    w->line.limit = FRAME_LINE_MAX - 1; /* and a newline */
    w->previous_ns = TIME_UNKNOWN;
    w->flushed_mono_ns = clock_mono_ns();
    overview_init(&w->chunk);
    int r = 0;
    if (o->file.mode == LINE_WRITER_APPEND)
        r = recording_resume(o->file.path, &w->next_seq, &w->previous_ns, err);
    if (r == 0)
        r = line_writer_open(&o->file, &w->file, err);
    if (r == 0) {
        w->chunk_start = file_facts(w).text_bytes;
        r = begin_segment(w, err); /* reaches the file with the first frame, which tells the codec how long lines are */
    }
    if (r < 0) {
        line_writer_abandon(w->file);
        buffer_done(&w->line);
        free(w);
        return r;
    }
    *ret = w;
    return 0;
}

static bool is_disk_trouble(int r) {
    return r == -ERR_FULL || r == -ERR_OS;
}

/* Remembers a failure; drops the oldest segment when the disk is full and there may be one. True: worth another try. */
static bool make_room(struct recording_writer *w, int r, const struct error *why) {
    w->troubled = true;
    w->trouble = *why;
    if (r != -ERR_FULL || w->options.file.max_files == 1 || line_writer_drop_oldest(w->file, NULL) < 0)
        return false;
    return true;
}

static int flush(struct recording_writer *w, struct error *err) {
    int r = line_writer_flush(w->file, err);
    while (is_disk_trouble(r) && make_room(w, r, err))
        r = line_writer_flush(w->file, err);
    if (r == 0) {
        w->troubled = false;
        w->flushed_mono_ns = clock_mono_ns();
    }
    return r;
}

static bool wants_index(uint64_t seq) {
    return seq > 0 && seq % RECORDING_INDEX_EVERY == 0;
}

static bool chunk_is_full(const struct recording_writer *w) {
    /* A frame that an index line follows ends its chunk itself, and shall not be alone in one. */
    return (w->chunk.frames >= RECORDING_CHUNK_FRAMES && !wants_index(w->next_seq)) ||
           file_facts(w).text_bytes - w->chunk_start >= RECORDING_CHUNK_BYTES;
}

static int end_full_chunk(struct recording_writer *w, struct error *err) {
    int r = chunk_is_full(w) ? end_chunk(w, err) : 0;
    if (is_disk_trouble(r)) {
        w->troubled = true;
        w->trouble = *err;
        return 0;
    }
    return r;
}

/* Rotates when it is time: before a frame, so that every segment holds one. Failing costs nothing: the writer goes on in the
 * segment that it has. */
static int turn_over(struct recording_writer *w, struct error *err) {
    struct line_writer_facts facts = file_facts(w);
    if (w->options.max_bytes == 0 || facts.empty || facts.file_bytes <= w->options.max_bytes)
        return 0;
    if (w->hindered && w->chunk.frames < HINDERED_FRAMES)
        return 0;
    int r = end_chunk(w, err);
    if (r == 0) {
        r = line_writer_rotate(w->file, err);
        w->chunk_start = file_facts(w).text_bytes;
    }
    w->hindered = r < 0;
    if (is_disk_trouble(r) || r == -ERR_EXISTS) {
        w->hindrance = *err;
        return 0;
    }
    return r;
}

static int put_index(struct recording_writer *w, uint64_t seq, int64_t wall_ns, struct error *err) {
    int r = end_chunk(w, err); /* an index line begins a chunk, so that its offsets are those of a place to enter */
    if (r < 0)
        return r;
    struct line_writer_facts facts = file_facts(w);
    buffer_clear(&w->line);
    line_put_index(
        &w->line, seq, wall_ns, facts.text_bytes, w->options.file.codec == CODEC_PLAIN ? UINT64_MAX : facts.file_bytes);
    return put_line(w, err);
}

static int put_part(void *to, const struct buffer *line, struct error *err) {
    struct recording_writer *w = to;
    int r = line_writer_put(w->file, line->at, line->len, err);
    w->begun = w->begun || r == 0;
    return r;
}

/* One frame into the encoder: header of a new segment before it, index line behind it. */
static int put_frame(struct recording_writer *w, const struct frame *f, struct error *err) {
    struct frame numbered = *f; /* shallow: the serialiser reads the seq from the frame */
    numbered.seq = w->next_seq;
    size_t errors = 0;
    int r = begin_segment(w, err);
    if (r < 0)
        return r;
    w->begun = false;
    r = split_write(&numbered, &w->line, (struct split_sink){w, put_part}, &errors, err);
    w->next_seq += r == 0 || w->begun; /* nothing else goes on with parts that are already there */
    if (r < 0)
        return r;
    overview_add_time(&w->chunk, f->wall_ns, numbered.seq, w->previous_ns, w->options.header.interval_ns);
    overview_add_frame(&w->chunk, f);
    w->chunk.errors += errors - f->errors.n;
    w->previous_ns = f->wall_ns;
    w->frames++;
    w->errors += errors;
    if (!wants_index(numbered.seq))
        return 0;
    r = put_index(w, numbered.seq, f->wall_ns, err);
    if (!is_disk_trouble(r))
        return r;
    w->troubled = true; /* the frame is taken: only its index line is missing */
    w->trouble = *err;
    return 0;
}

/* A frame without devices that says what was lost, as soon as something can be written again. */
static int tell_losses(struct recording_writer *w, const struct frame *like, struct error *err) {
    char message[600];
    struct frame notice;
    if (w->lost_unsaid == 0)
        return 0;
    frame_init(&notice);
    notice.wall_ns = like->wall_ns;
    notice.source = like->source;
    notice.hostname = like->hostname;
    (void)snprintf(
        message, sizeof message, "%" PRIu64 " frames could not be written: %s", w->lost_unsaid, w->trouble.text);
    frame_add_error(&notice, "recording", "error", message, NULL);
    int r = put_frame(w, &notice, err);
    frame_done(&notice);
    if (r == 0) {
        w->lost_unsaid = 0;
        w->frames--; /* it is no cycle of the machine */
    }
    return r;
}

static int lose(struct recording_writer *w, const struct error *why) {
    w->troubled = true;
    w->trouble = *why;
    w->lost++;
    w->lost_unsaid++;
    return 0;
}

int recording_writer_take(struct recording_writer *w, const struct frame *f, struct error *err) {
    struct error local;
    err = err ? err : &local;
    int r = 0;
    if (file_facts(w).stuck) /* what waits goes first */
        r = flush(w, err);
    if (r == 0)
        r = turn_over(w, err);
    if (r == 0 && file_facts(w).stuck)
        r = flush(w, err);
    if (r == 0)
        r = tell_losses(w, f, err);
    if (r == 0)
        r = put_frame(w, f, err);
    if (is_disk_trouble(r) || r == -ERR_LIMIT)
        return lose(w, err);
    if (r < 0)
        return r;
    if (clock_mono_ns() - w->flushed_mono_ns < w->options.flush_ns && !chunk_is_full(w))
        return 0;
    r = flush(w, err); /* on failure the frame waits in the writer: it is late, not lost */
    if (r < 0)
        return is_disk_trouble(r) ? 0 : r;
    return end_full_chunk(w, err);
}

int recording_writer_mark(struct recording_writer *w, int64_t wall_ns, struct text mark, struct error *err) {
    buffer_clear(&w->line);
    line_put_mark(&w->line, wall_ns, mark);
    int r = put_line(w, err);
    if (r < 0)
        return r;
    w->chunk.marks++;
    r = flush(w, err);
    return is_disk_trouble(r) ? 0 : r;
}

int recording_writer_flush(struct recording_writer *w, struct error *err) {
    int r = flush(w, err);
    return is_disk_trouble(r) ? 0 : r;
}

struct recording_writer_facts recording_writer_facts(const struct recording_writer *w) {
    struct line_writer_facts file = file_facts(w);
    return (struct recording_writer_facts){
        .frames = w->frames,
        .errors = w->errors,
        .lost = w->lost,
        .text_bytes = file.total_text_bytes,
        .file_bytes = file.total_file_bytes,
        .mended_bytes = file.mended_bytes,
        .segments = file.segments,
        .troubled = w->troubled,
        .trouble = w->trouble,
        .hindered = w->hindered,
        .hindrance = w->hindrance,
    };
}

int recording_writer_close(struct recording_writer *w, struct error *err) {
    if (!w)
        return 0;
    int r = end_chunk(w, err);
    if (r < 0) {
        line_writer_abandon(w->file);
    } else {
        r = line_writer_close(w->file, err);
    }
    if (r == 0 && w->lost > 0)
        r = error_set(err, ERR_FULL, "%" PRIu64 " frames were lost: %s", w->lost, w->trouble.text);
    buffer_done(&w->line);
    free(w);
    return r;
}
