/* tests/unit/linefile/test_reader.c: lines come out of files in any state: long, damaged, growing, entered in the middle. */
#include "helper.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "base/json.h"

struct open_file {
    struct line_file *file;
    struct line_reader *reader;
};

static struct open_file open_path(const char *path) {
    struct open_file o = {0};
    OK(line_file_open(path, &o.file, &err));
    OK(line_reader_create(o.file, &o.reader, &err));
    return o;
}

static void close_file(struct open_file *o) {
    line_reader_destroy(o->reader);
    line_file_close(o->file);
}

static void encode(enum codec c, const char *text, size_t n) {
    struct buffer bytes = {0};
    if (c == CODEC_ZSTD)
        zstd_frame(text, n, &bytes);
    else if (c == CODEC_GZIP)
        gzip_member(text, n, 6, &bytes);
    else
        buffer_put(&bytes, text, n);
    spill(file_of(c), bytes.at, bytes.len);
    buffer_done(&bytes);
}

static void line_ends_of_every_kind(void **state) {
    (void)state;
    static const char text[] = "one\n\ntwo\r\n\r\n\rx\r\r\nlast\r";
    static const struct {
        const char *line;
        uint64_t offset, size;
    } want[] = {{"one", 0, 4}, {"", 4, 1}, {"two", 5, 5}, {"", 10, 2}, {"\rx\r", 12, 5}};
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        encode((enum codec)c, text, sizeof text - 1);
        struct open_file o = open_path(file_of((enum codec)c));
        struct line line;
        for (size_t i = 0; i < COUNT_OF(want); i++) {
            assert_int_equal(line_reader_next(o.reader, &line, NULL), 1);
            assert_text(((struct text){line.at, line.len}), want[i].line);
            assert_int_equal(line.offset, want[i].offset);
            assert_int_equal(line.size, want[i].size);
            assert_true(line.terminated);
        }
        assert_int_equal(line_reader_next(o.reader, &line, NULL), 0);
        struct line_tail tail = line_reader_tail(o.reader);
        assert_text(tail.partial, "last\r");
        assert_int_equal(tail.offset, 17);
        assert_false(tail.cut_stream);
        close_file(&o);
    }
}

/* JSON parsing may look at bytes behind a line; a sanitizer sees when they are not there. */
static void padding_is_readable(void **state) {
    (void)state;
    struct buffer text = {0};
    text_of_lines(0, 5000, &text);
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        unsigned sum = 0, n = 0;
        struct line line;
        encode((enum codec)c, text.at, text.len);
        struct open_file o = open_path(file_of((enum codec)c));
        for (; line_reader_next(o.reader, &line, NULL) > 0; n++)
            for (size_t k = 0; k < JSON_PADDING; k++)
                sum += (unsigned char)line.at[line.len + k];
        assert_int_equal(n, 5000);
        assert_true(sum > 0);
        close_file(&o);
    }
    buffer_done(&text);
}

static void every_chunk_can_be_entered(void **state) {
    (void)state;
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        write_file(file_of((enum codec)c), (enum codec)c, 300, 25);
        for (unsigned distrust = 0; distrust < 2; distrust++) {
            struct open_file o = open_path(file_of((enum codec)c));
            const struct line_chunk *chunks = NULL;
            size_t n = 0;
            if (distrust)
                line_file_distrust(o.file);
            OK(line_file_chunks(o.file, &chunks, &n, &err));
            assert_int_equal(n, c == CODEC_PLAIN ? 1 : 12);
            for (size_t i = n; i-- > 0;) {
                OK(line_reader_enter(o.reader, chunks[i].offset, 1000 * i, false, &err));
                struct seen s = read_on(o.reader);
                assert_true(s.in_order && s.damaged == 0 && s.torn == 0 && !s.cut);
                assert_int_equal(s.first, i * 25);
                assert_int_equal(s.last, 299);
                /* From the first chunk, with this one and those behind it in the buffer already. */
                struct line line;
                OK(line_reader_enter(o.reader, 0, 0, false, &err));
                assert_int_equal(line_reader_next(o.reader, &line, NULL), 1);
                OK(line_reader_enter(o.reader, chunks[i].offset, 1000 * i, false, &err));
                line_reader_limit(o.reader, chunks[i].offset + chunks[i].size);
                s = read_on(o.reader);
                assert_true(s.in_order && s.damaged == 0 && s.torn == 0 && !s.cut);
                assert_int_equal(s.first, i * 25);
                assert_int_equal(s.lines, c == CODEC_PLAIN ? 300 : 25);
                struct buffer text = {0};
                text_of_lines(s.first, s.last + 1, &text);
                assert_int_equal(s.text, 1000 * i + text.len);
                buffer_done(&text);
            }
            close_file(&o);
        }
    }
}

static void a_plain_file_can_be_entered_anywhere(void **state) {
    (void)state;
    struct buffer text = {0};
    write_file(file_of(CODEC_PLAIN), CODEC_PLAIN, 40, 40);
    slurp(file_of(CODEC_PLAIN), &text);
    struct open_file o = open_path(file_of(CODEC_PLAIN));
    for (size_t at = 0; at <= text.len; at++) {
        struct line line;
        size_t want = at;
        while (want > 0 && want < text.len && text.at[want - 1] != '\n')
            want++;
        OK(line_reader_enter(o.reader, at, at, true, &err));
        int r = line_reader_next(o.reader, &line, NULL);
        assert_int_equal(r, want < text.len);
        if (r == 1)
            assert_int_equal(line.offset, want);
        if (r == 1)
            (void)line_number(line.at, line.len);
    }
    OK(line_reader_enter(o.reader, 3, 3, false, &err)); /* and without skipping, right there */
    struct line line;
    assert_int_equal(line_reader_next(o.reader, &line, NULL), 1);
    assert_memory_equal(line.at, text.at + 3, line.len);
    close_file(&o);
    buffer_done(&text);
}

static void a_growing_file_is_followed(void **state) {
    (void)state;
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        const char *path = file_of((enum codec)c);
        struct line_writer *w = writer_open(path, (enum codec)c, LINE_WRITER_CREATE);
        struct open_file o = open_path(path); /* while it is empty */
        struct line line;
        assert_int_equal(line_reader_next(o.reader, &line, NULL), 0);
        for (unsigned i = 0; i < 100; i++) {
            put_lines(w, i, i + 1);
            if (i % 10 == 9)
                OK(line_writer_chunk(w, "n", 1, &err));
            assert_int_equal(line_reader_next(o.reader, &line, NULL), 1);
            assert_int_equal(line_number(line.at, line.len), i);
            for (unsigned again = 0; again < 20; again++) /* asking in vain does no harm */
                assert_int_equal(line_reader_next(o.reader, &line, NULL), 0);
            const struct line_chunk *chunks = NULL;
            size_t n = 0;
            OK(line_file_chunks(o.file, &chunks, &n, &err));
            assert_int_equal(n, c == CODEC_PLAIN ? 1 : i / 10 + 1);
            assert_true(chunks[n - 1].offset + chunks[n - 1].size <= line_writer_facts(w).file_bytes);
        }
        OK(line_writer_close(w, &err));
        assert_int_equal(line_reader_next(o.reader, &line, NULL), 0);
        assert_false(line_reader_tail(o.reader).cut_stream);
        w = writer_open(path, (enum codec)c, LINE_WRITER_APPEND); /* behind what was index and seek table */
        put_lines(w, 100, 130);
        const struct line_chunk *chunks = NULL;
        size_t n = 0;
        OK(line_file_chunks(o.file, &chunks, &n, &err));
        assert_int_equal(n, c == CODEC_PLAIN ? 1 : 11);
        OK(line_reader_enter(o.reader, chunks[n - 1].offset, 0, false, &err));
        struct seen s = read_on(o.reader);
        assert_int_equal(s.last, 129);
        assert_int_equal(s.lines, c == CODEC_PLAIN ? 130 : 30);
        OK(line_writer_close(w, &err));
        close_file(&o);
    }
}

static void bytes_of_a_line_may_come_one_by_one(void **state) {
    (void)state;
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        struct buffer bytes = {0};
        unsigned lines = 0;
        write_file(file_of((enum codec)c), (enum codec)c, 12, 5);
        slurp(file_of((enum codec)c), &bytes);
        const char *path = in_folder(c == CODEC_ZSTD ? "grows.zst" : c == CODEC_GZIP ? "grows.gz" : "grows");
        FILE *file = fopen(path, "we");
        struct open_file o = open_path(path);
        for (size_t i = 0; i < bytes.len; i++) {
            struct line line;
            assert_int_equal(fputc(bytes.at[i], file), (unsigned char)bytes.at[i]);
            assert_int_equal(fflush(file), 0);
            int r = line_reader_next(o.reader, &line, NULL);
            for (; r > 0; r = line_reader_next(o.reader, &line, NULL))
                assert_int_equal(line_number(line.at, line.len), lines++);
            assert_int_equal(r, 0);
        }
        assert_int_equal(lines, 12);
        (void)fclose(file);
        close_file(&o);
        buffer_done(&bytes);
    }
}

static void a_file_that_shrinks_ends(void **state) {
    (void)state;
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        const char *path = file_of((enum codec)c);
        const struct line_chunk *chunks = NULL;
        size_t n = 0, fewer = 0;
        write_file(path, (enum codec)c, 5000, 500);
        struct open_file o = open_path(path);
        struct line line;
        OK(line_file_chunks(o.file, &chunks, &n, &err));
        assert_int_equal(line_reader_next(o.reader, &line, NULL), 1);
        assert_int_equal(truncate(path, 1000), 0);
        while (line_reader_next(o.reader, &line, NULL) > 0)
            (void)line_number(line.at, line.len);
        OK(line_file_chunks(o.file, &chunks, &fewer, &err));
        assert_int_equal(fewer, 1);
        assert_true(chunks[0].size <= 1000);
        close_file(&o);
    }
}

/* Lines with one of `size` bytes (newline included) between them. */
static void with_long_line(struct buffer *text, size_t size) {
    buffer_clear(text);
    text_of_lines(0, 3, text);
    char *to = buffer_room(text, size);
    memset(to, 'x', size);
    to[size - 1] = '\n';
    text->len += size;
    text_of_lines(3, 6, text);
}

static void a_line_over_the_limit_is_passed_over(void **state) {
    (void)state;
    struct buffer text = {.limit = 80 << 20};
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        for (unsigned over = 0; over < 3; over++) {
            size_t size = over == 0 ? LINE_MAX_BYTES : over == 1 ? LINE_MAX_BYTES + 1 : 40 << 20;
            struct error err = {0};
            struct line line;
            unsigned lines = 0, too_long = 0;
            with_long_line(&text, size);
            encode((enum codec)c, text.at, text.len);
            struct open_file o = open_path(file_of((enum codec)c));
            for (int r = 1; r != 0; r = line_reader_next(o.reader, &line, &err)) {
                too_long += r == -ERR_LIMIT;
                assert_true(r > 0 || r == -ERR_LIMIT);
            }
            assert_int_equal(too_long, over > 0);
            if (over > 0)
                assert_non_null(strstr(err.text, "longer than 16 MiB"));
            close_file(&o);
            o = open_path(file_of((enum codec)c));
            while (line_reader_next(o.reader, &line, &err) != 0)
                lines++;
            assert_int_equal(lines, 7);
            assert_int_equal(line.offset + line.size, text.len);
            close_file(&o);
        }
    }
    buffer_done(&text);
}

static void an_endless_line_is_said_once(void **state) {
    (void)state;
    struct buffer text = {.limit = 80 << 20};
    with_long_line(&text, 40 << 20);
    spill(file_of(CODEC_PLAIN), text.at, 30 << 20);
    struct seen s = read_all(file_of(CODEC_PLAIN));
    assert_true(s.lines == 3 && s.too_long == 1 && s.torn == 0);
    buffer_done(&text);
}

/* Lines that hardly compress, so that a chunk is longer than what a damaged block may lead over. */
enum { NOISE_LINE = 4000, NOISE_LINES = 400, NOISE_CHUNK = 64 };

static size_t noise_line(unsigned i, char line[LINE_ROOM]) {
    size_t n = (size_t)snprintf(line, LINE_ROOM, "{\"seq\":%u,\"x\":\"", i);
    uint32_t x = i;
    while (n < NOISE_LINE) {
        x = x * 1664525 + 1013904223;
        line[n++] = (char)('!' + (x >> 24) % 90);
    }
    return n;
}

static unsigned noise_number(const char *line) {
    unsigned number = 0;
    for (size_t k = 7; k < 10 && line[k] >= '0' && line[k] <= '9'; k++)
        number = number * 10 + (unsigned)(line[k] - '0');
    return number;
}

static void write_noise(enum codec c) {
    char line[LINE_ROOM];
    struct line_writer *w = writer_open(file_of(c), c, LINE_WRITER_REPLACE);
    for (unsigned i = 0; i < NOISE_LINES; i++) {
        if (i % NOISE_CHUNK == 0)
            OK(line_writer_chunk(w, "n", 1, &err));
        OK(line_writer_put(w, line, noise_line(i, line), &err));
        OK(line_writer_flush(w, &err));
    }
    OK(line_writer_close(w, &err));
}

static void damage_costs_two_chunks_at_most(void **state) {
    (void)state;
    struct buffer bytes = {0};
    for (unsigned k = CODEC_GZIP; k < CODEC_COUNT; k++) {
        enum codec c = (enum codec)k;
        write_noise(c);
        slurp(file_of(c), &bytes);
        for (size_t at = 20; at < bytes.len - 3000; at += 13001) {
            char was = bytes.at[at];
            char want[LINE_ROOM];
            unsigned good = 0, reported = 0;
            struct line line;
            struct error err = {0};
            bytes.at[at] ^= 0x55;
            spill(in_folder("damaged"), bytes.at, bytes.len);
            bytes.at[at] = was;
            struct open_file o = open_path(in_folder("damaged"));
            for (int r; (r = line_reader_next(o.reader, &line, &err)) != 0;) {
                assert_true(r > 0 || r == -ERR_FORMAT);
                reported += r < 0;
                if (r < 0)
                    assert_non_null(strstr(err.text, "byte "));
                else if (line.len == NOISE_LINE && noise_number(line.at) < NOISE_LINES &&
                         noise_line(noise_number(line.at), want) == line.len && memcmp(want, line.at, line.len) == 0)
                    good++;
            }
            if (good < NOISE_LINES - 2 * NOISE_CHUNK || reported == 0)
                fail_msg("%s: damage at %zu left %u lines, said %u times", codec_name(c), at, good, reported);
            close_file(&o);
        }
    }
    buffer_done(&bytes);
}

/* A damaged size of what stands between the chunks must not hide those behind it. */
static void damage_between_chunks_costs_none(void **state) {
    (void)state;
    struct buffer bytes = {0};
    const struct line_chunk *chunks = NULL;
    size_t n = 0;
    write_file(file_of(CODEC_ZSTD), CODEC_ZSTD, 200, 20);
    slurp(file_of(CODEC_ZSTD), &bytes);
    struct open_file o = open_path(file_of(CODEC_ZSTD));
    OK(line_file_chunks(o.file, &chunks, &n, &err));
    assert_int_equal(n, 10);
    for (uint64_t at = chunks[2].offset + chunks[2].size; at < chunks[3].offset; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes.at[at] ^= (char)(1 << bit);
            spill(in_folder("damaged"), bytes.at, bytes.len - 20); /* without a seek table */
            bytes.at[at] ^= (char)(1 << bit);
            struct seen s = read_all(in_folder("damaged"));
            assert_true(s.lines == 200 && s.in_order);
            struct open_file d = open_path(in_folder("damaged"));
            const struct line_chunk *walked = NULL;
            size_t n_walked = 0;
            OK(line_file_chunks(d.file, &walked, &n_walked, &err));
            assert_int_equal(n_walked, 10);
            assert_int_equal(walked[3].offset, chunks[3].offset);
            close_file(&d);
        }
    }
    close_file(&o);
    buffer_done(&bytes);
}

static void garbage_between_and_behind_is_passed_over(void **state) {
    (void)state;
    static const char garbage[] =
        "\x28\xB5\x2F\xFD no frame \x1F\x8B\x08\xFF no member \x28\xB5\x2F\xFD\xFF\xFF\xFF\xFF";
    for (unsigned i = CODEC_GZIP; i < CODEC_COUNT; i++) {
        enum codec c = (enum codec)i;
        struct buffer text = {0}, bytes = {0};
        for (unsigned part = 0; part < 3; part++) {
            buffer_clear(&text);
            text_of_lines(part * 10, part * 10 + 10, &text);
            if (c == CODEC_ZSTD)
                zstd_frame(text.at, text.len, &bytes);
            else
                gzip_member(text.at, text.len, 6, &bytes);
            if (part > 0)
                buffer_put(&bytes, garbage, sizeof garbage - 1);
        }
        spill(file_of(c), bytes.at, bytes.len);
        struct seen s = read_all(file_of(c));
        assert_int_equal(s.lines, 30);
        assert_true(s.in_order);
        assert_int_equal(s.damaged, 2);
        assert_true(s.cut);
        buffer_done(&text);
        buffer_done(&bytes);
    }
}

static void members_and_frames_of_others_are_read_on(void **state) {
    (void)state;
    for (unsigned i = CODEC_GZIP; i < CODEC_COUNT; i++) {
        enum codec c = (enum codec)i;
        struct buffer text = {0}, bytes = {0};
        text_of_lines(0, 100, &text);
        if (c == CODEC_ZSTD)
            buffer_put(&bytes, "\x53\x2A\x4D\x18\x02\x00\x00\x00xx", 10); /* skippable */
        for (size_t at = 0; at < text.len; at += 777) {                   /* they end anywhere in a line */
            size_t n = text.len - at < 777 ? text.len - at : 777;
            if (c == CODEC_ZSTD)
                zstd_frame(text.at + at, n, &bytes);
            else
                gzip_member(text.at + at, n, 9, &bytes);
        }
        if (c == CODEC_GZIP)
            buffer_put(&bytes, "\0\0\0\0\0\0\0\0\0\0\0\0\0", 13); /* a tape's padding */
        spill(file_of(c), bytes.at, bytes.len);
        struct seen s = read_all(file_of(c));
        assert_true(s.lines == 100 && s.in_order && s.damaged == 0 && s.torn == 0 && !s.cut);
        assert_int_equal(s.text, text.len);
        buffer_done(&text);
        buffer_done(&bytes);
    }
}

static void a_window_over_the_limit_is_refused_not_decoded(void **state) {
    (void)state;
    struct buffer text = {0}, bytes = {0};
    text_of_lines(0, 10, &text);
    zstd_frame(text.at, text.len, &bytes);
    /* A frame of window 2^31 that holds one raw block; then lines again. */
    buffer_put(&bytes, "\x28\xB5\x2F\xFD\x00\xA8\x11\x00\x00\n\n", 11);
    buffer_clear(&text);
    text_of_lines(10, 20, &text);
    zstd_frame(text.at, text.len, &bytes);
    spill(file_of(CODEC_ZSTD), bytes.at, bytes.len);
    struct seen s = read_all(file_of(CODEC_ZSTD));
    assert_true(s.lines == 20 && s.in_order && s.refused == 1 && s.too_long == 0 && s.damaged == 0);
    assert_non_null(strstr(s.why.text, "window"));
    /* It is not mended away either. */
    struct line_writer *w = NULL;
    struct line_writer_options o = {.path = file_of(CODEC_ZSTD), .codec = CODEC_ZSTD, .mode = LINE_WRITER_APPEND};
    spill(o.path, "\x28\xB5\x2F\xFD\x00\xA8\x11\x00\x00\n\n", 11);
    FAILS(ERR_LIMIT, line_writer_open(&o, &w, &err));
    slurp(o.path, &bytes);
    assert_int_equal(bytes.len, 11);
    buffer_done(&text);
    buffer_done(&bytes);
}

static void standard_input_is_a_stream(void **state) {
    (void)state;
    int before = dup(STDIN_FILENO);
    for (unsigned c = 0; c < CODEC_COUNT; c++) {
        struct buffer bytes = {0};
        int ends[2];
        write_file(file_of((enum codec)c), (enum codec)c, 60, 20);
        slurp(file_of((enum codec)c), &bytes);
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], bytes.at, bytes.len), bytes.len);
        (void)close(ends[1]);
        assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
        (void)close(ends[0]);
        struct open_file o = open_path("-");
        struct line_file_facts facts;
        const struct line_chunk *chunks = NULL;
        size_t n = 1;
        OK(line_file_facts(o.file, &facts, &err));
        assert_true(facts.codec == (enum codec)c && !facts.seekable && !facts.seek_table);
        OK(line_file_chunks(o.file, &chunks, &n, &err));
        assert_int_equal(n, 0);
        FAILS(ERR_USAGE, line_reader_enter(o.reader, 0, 0, false, &err));
        struct seen s = read_on(o.reader);
        assert_true(s.lines == 60 && s.in_order && s.damaged == 0 && !s.cut);
        close_file(&o);
        buffer_done(&bytes);
    }
    assert_int_equal(dup2(before, STDIN_FILENO), STDIN_FILENO);
    (void)close(before);
}

static void what_is_no_file_is_refused(void **state) {
    (void)state;
    struct line_file *f = NULL;
    FAILS(ERR_ABSENT, line_file_open(in_folder("none"), &f, &err));
    FAILS(ERR_FORMAT, line_file_open(in_folder("."), &f, &err));
    FAILS(ERR_FORMAT, line_file_open("/dev/null", &f, &err));
    line_file_close(NULL);
    line_reader_destroy(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(line_ends_of_every_kind),
        TEST(padding_is_readable),
        TEST(every_chunk_can_be_entered),
        TEST(a_plain_file_can_be_entered_anywhere),
        TEST(a_growing_file_is_followed),
        TEST(bytes_of_a_line_may_come_one_by_one),
        TEST(a_file_that_shrinks_ends),
        TEST(a_line_over_the_limit_is_passed_over),
        TEST(an_endless_line_is_said_once),
        TEST(damage_costs_two_chunks_at_most),
        TEST(damage_between_chunks_costs_none),
        TEST(garbage_between_and_behind_is_passed_over),
        TEST(members_and_frames_of_others_are_read_on),
        TEST(a_window_over_the_limit_is_refused_not_decoded),
        TEST(standard_input_is_a_stream),
        TEST(what_is_no_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
