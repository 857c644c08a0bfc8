/* tests/unit/view/test_screen.c: screens as they should look: rendered to cells and held against tests/golden/screens.
 * With TACHO_WRITE_SCREENS in the environment they are written anew instead (make screens). */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "base/attr.h"
#include "base/file.h"
#include "view/keys.h"

static const char *folder; /* of the golden screens */

/* What each scene is made of. `columns` is the screen's width. */
typedef void scene_maker(struct stage *s, size_t columns);

static void nothing_yet(struct stage *s, size_t columns) {
    (void)columns;
    s->scene.frame = s->scene.before = NULL;
    s->scene.series = NULL;
}

static void plain_machine(struct stage *s, size_t columns) {
    (void)columns;
    stage_machine(s, "node-07", 32, 37);
    (void)stage_process(s, "node-07", 1, 0, "root", 0, "/sbin/init splash");
    (void)stage_process(s, "node-07", 812, 1, "root", 0.3, "/usr/sbin/sshd -D");
    (void)stage_process(s, "node-07", 4711, 812, "mina", 98.7, "python train.py --lr 1e-3 --batch 64");
    (void)stage_process(s, "node-07", 4712, 4711, "mina", 1640, "python data_loader.py");
    (void)stage_process(s, "node-07", 90210, 1, "someone-with-a-long-name", 12.5, "postgres: writer");
    stage_series(s, false);
}

static void eight_cards(struct stage *s, size_t columns) {
    (void)columns;
    stage_machine(s, "dgx-01", 64, 61);
    for (unsigned i = 0; i < 8; i++) {
        struct gpu *g = stage_gpu(s, "dgx-01", i, i * 14);
        struct process *p =
            stage_process(s, "dgx-01", 5000 + i, 1, "mina", 99, "python -m torch.distributed.run train.py");
        p->device_uuid = s->before.processes.at[i].device_uuid = g->uuid;
        p->uses_gpu = YES;
        p->gpu_utilization = g->utilization;
        p->used_memory = g->used_memory;
        if (i == 7)
            frame_add_text(&s->frame.arena, &g->throttle_reasons.list, TEXT("sw_thermal"));
    }
    (void)stage_process(s, "dgx-01", 812, 1, "root", 0.3, "/usr/sbin/sshd -D");
    s->frame.hostname = TEXT("dgx-01");
    stage_series(s, true);
}

static void cluster_of_three(struct stage *s, size_t columns) {
    (void)columns;
    stage_machine(s, "dgx-01", 16, 80);
    stage_machine(s, "dgx-02", 16, 5);
    for (unsigned i = 0; i < 4; i++)
        (void)stage_gpu(s, i < 2 ? "dgx-01" : "dgx-02", i % 2, i < 2 ? 97 : 0);
    frame_add_error(&s->frame, "host", "timeout", "no answer within 2 s", "dgx-03");
    s->scene.hosts[s->scene.n_hosts++] = TEXT("dgx-03");
    (void)stage_process(s, "dgx-01", 4711, 1, "mina", 98.7, "python train.py");
    (void)stage_process(s, "dgx-02", 4711, 1, "joe", 3, "bash");
    stage_series(s, true);
}

static void hundred_hosts(struct stage *s, size_t columns) {
    char name[32];
    (void)columns;
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "gpu-node-%03u", i);
        stage_machine(s, name, 4, i);
        for (unsigned k = 0; k < 8; k++)
            (void)stage_gpu(s, name, k, (i * 8 + k) % 101);
    }
    (void)snprintf(s->state.host, sizeof s->state.host, "gpu-node-050");
    stage_series(s, true);
}

static void replay(struct stage *s, size_t columns) {
    plain_machine(s, columns);
    stage_replay(s, columns);
}

static void replay_at_its_end(struct stage *s, size_t columns) {
    replay(s, columns);
    s->scene.playback.at_end = s->scene.playback.playing = s->scene.playback.following = true;
    s->scene.playback.loop = s->scene.playback.counting = true;
    s->scene.playback.speed = 0.25;
    s->scene.playback.now_ns = s->scene.playback.last_ns;
    s->state.strip = STRIP_CPU;
    (void)snprintf(s->state.notice, sizeof s->state.notice, "outside of the recording: this is its last frame");
}

static void help(struct stage *s, size_t columns) {
    plain_machine(s, columns);
    s->state.panel = PANEL_HELP;
}

static void help_in_replay(struct stage *s, size_t columns) {
    replay(s, columns);
    s->state.panel = PANEL_HELP;
}

static struct alerts *alerts;
static void alert_history(struct stage *s, size_t columns) {
    eight_cards(s, columns);
    s->frame.gpus.at[6].temperature = 91;
    s->frame.gpus.at[7].temperature = 85;
    assert_int_equal(alerts_take(alerts, &s->frame, NULL), 0);
    s->scene.alerts = alerts;
    s->state.panel = PANEL_ALERTS;
}

static void alert_line(struct stage *s, size_t columns) {
    alert_history(s, columns);
    s->state.panel = PANEL_NONE;
}

static void detail_of_a_card(struct stage *s, size_t columns) {
    eight_cards(s, columns);
    s->state.focus = PANE_DEVICES;
    s->state.panel = PANEL_DETAIL;
}

static void detail_of_a_process(struct stage *s, size_t columns) {
    eight_cards(s, columns);
    s->state.rows[PANE_PROCESSES].key = process_key(&s->frame.processes.at[3]);
    s->state.panel = PANEL_DETAIL;
}

static void detail_of_nothing(struct stage *s, size_t columns) {
    eight_cards(s, columns);
    s->state.panel = PANEL_DETAIL;
}

static struct filter *filter;
static void filtered(struct stage *s, size_t columns) {
    struct error err = {0};
    eight_cards(s, columns);
    assert_ok(filter_parse(TEXT("util > 50"), &filter, &err), err);
    s->scene.filter = filter;
}

static void filter_with_an_error(struct stage *s, size_t columns) {
    struct filter *none = NULL;
    struct error err = {0};
    eight_cards(s, columns);
    s->state.edit = EDIT_FILTER;
    (void)snprintf(s->state.line.text, sizeof s->state.line.text, "temp > hot");
    s->state.line.len = s->state.line.at = strlen(s->state.line.text);
    assert_true(filter_parse(text_of(s->state.line.text), &none, &err) < 0);
    (void)snprintf(s->state.edit_error, sizeof s->state.edit_error, "%.*s", NOTICE_MAX - 1, err.text);
}

static void timecode(struct stage *s, size_t columns) {
    replay(s, columns);
    s->state.edit = EDIT_TIMECODE;
    (void)snprintf(s->state.line.text, sizeof s->state.line.text, "00:12:34");
    s->state.line.len = 8;
    s->state.line.at = 5;
}

static void tree(struct stage *s, size_t columns) {
    plain_machine(s, columns);
    (void)stage_process(s, "node-07", 600, 601, "root", 1, "parents in");
    (void)stage_process(s, "node-07", 601, 600, "root", 1, "a circle");
    s->state.tree = true;
    s->state.rows[PANE_PROCESSES].key = process_key(&s->frame.processes.at[2]);
}

static void everything_unknown(struct stage *s, size_t columns) {
    struct frame *f = &s->frame;
    (void)columns;
    s->scene.before = NULL;
    s->scene.hosts[s->scene.n_hosts++] = TEXT("node-07");
    for (size_t i = 0; i < 2; i++)
        assert_non_null(frame_add(&f->arena, &f->gpus.list, &gpu_table));
    assert_non_null(frame_add(&f->arena, &f->cpus.list, &cpu_table));
    assert_non_null(frame_add(&f->arena, &f->memory.list, &memory_table));
    assert_non_null(frame_add(&f->arena, &f->chassis.list, &chassis_table));
    assert_non_null(frame_add(&f->arena, &f->storage.list, &storage_table));
    assert_non_null(frame_add(&f->arena, &f->networks.list, &network_table));
    assert_non_null(frame_add(&f->arena, &f->processes.list, &process_table));
    frame_add_error(f, "gpu", "timeout", "no answer", NULL);
}

static struct text hostile(struct frame *f, size_t n) {
    static const char piece[] = "\033]0;owned\a\033[2J\x7f\xc2\x9b"
                                "31m\xe2\x80\xae\xd7\xa9\xd7\x9c\xe6\xbc\xa2\xe5\xad\x97"
                                "e\xcc\x81\xff\xfe\r\n\t\xf0\x9f\x94\xa5";
    char *all = arena_alloc(&f->arena, n);
    assert_non_null(all);
    for (size_t i = 0; i < n; i++)
        all[i] = piece[i % (sizeof piece - 1)];
    return (struct text){all, n};
}

/* Names as nobody would choose them, and readings that no machine has. */
static void hostile_names(struct stage *s, size_t columns) {
    struct frame *f = &s->frame;
    eight_cards(s, columns);
    struct text name = hostile(f, 10000);
    s->scene.hosts[0] = s->frame.hostname = name;
    s->scene.hosts[s->scene.n_hosts++] = hostile(f, 40);
    for (size_t i = 0; i < f->gpus.n; i++) {
        f->gpus.at[i].host_id = name;
        f->gpus.at[i].name = (struct text){name.at + i, name.len - i};
        frame_add_text(&f->arena, &f->gpus.at[i].throttle_reasons.list, name);
    }
    f->gpus.at[0].utilization = 1e300;
    f->gpus.at[1].utilization = -5;
    f->gpus.at[2].used_memory = UINT64_MAX - 1;
    f->gpus.at[3].power_consumption = 1e18;
    f->gpus.at[4].temperature = f->gpus.at[4].index = UINT64_MAX - 1;
    f->cpus.at[0].host_id = f->memory.at[0].host_id = f->chassis.at[0].host_id = name;
    f->networks.at[0].host_id = f->networks.at[0].name = f->storage.at[0].host_id = f->storage.at[0].mount_point = name;
    for (size_t i = 0; i < f->processes.n; i++) {
        f->processes.at[i].command = (struct text){name.at + 3 * i, name.len - 3 * i};
        f->processes.at[i].user = (struct text){name.at + 5 * i, name.len - 5 * i};
    }
    f->processes.at[0].pid = f->processes.at[0].memory_vms = UINT64_MAX - 1;
    f->processes.at[1].cpu_percent = 1e300;
    frame_add_error(f, "gpu", "error", "\033[2J", "\033[31mhost");
}

static const struct shown {
    const char *name;
    scene_maker *make;
    int columns, rows;
    bool ascii;
} screens[] = {
    {"nothing-yet", nothing_yet, 80, 24, false},
    {"plain", plain_machine, 80, 24, false},
    {"plain", plain_machine, 80, 24, true},
    {"plain", plain_machine, 120, 40, false},
    {"plain", plain_machine, 200, 50, false},
    {"plain", plain_machine, 40, 10, false},
    {"plain", plain_machine, 39, 9, false},
    {"eight-cards", eight_cards, 80, 24, false},
    {"eight-cards", eight_cards, 120, 40, false},
    {"eight-cards", eight_cards, 120, 40, true},
    {"eight-cards", eight_cards, 200, 50, false},
    {"cluster", cluster_of_three, 80, 24, false},
    {"cluster", cluster_of_three, 120, 40, false},
    {"cluster", cluster_of_three, 200, 50, false},
    {"hundred-hosts", hundred_hosts, 80, 24, false},
    {"hundred-hosts", hundred_hosts, 200, 50, false},
    {"replay", replay, 80, 24, false},
    {"replay", replay, 80, 24, true},
    {"replay", replay, 120, 40, false},
    {"replay", replay, 40, 10, false},
    {"replay-end", replay_at_its_end, 80, 24, false},
    {"help", help, 80, 24, false},
    {"help-replay", help_in_replay, 120, 40, true},
    {"alerts", alert_history, 120, 40, false},
    {"alert-line", alert_line, 80, 24, false},
    {"detail-gpu", detail_of_a_card, 120, 40, false},
    {"detail-process", detail_of_a_process, 80, 24, false},
    {"detail-nothing", detail_of_nothing, 80, 24, false},
    {"filter", filtered, 80, 24, false},
    {"filter-error", filter_with_an_error, 80, 24, false},
    {"timecode", timecode, 80, 24, false},
    {"tree", tree, 120, 40, false},
    {"unknown", everything_unknown, 80, 24, false},
    {"hostile", hostile_names, 120, 40, false},
    {"hostile", hostile_names, 80, 24, true},
};

/* Nothing but what a terminal may get, and of each wide glyph both halves. */
static void check_cells(const struct cells *c) {
    for (int y = 0; y < c->rows; y++)
        for (int x = 0; x < c->columns; x++) {
            const struct cell *cell = &c->at[y * c->columns + x];
            bool wide = cell->glyph >= 0x80 && wcwidth((wchar_t)cell->glyph) == 2;
            bool half = x + 1 < c->columns && cell[1].glyph == 0;
            if (cell->style >= STYLE_COUNT || (cell->glyph > 0 && cell->glyph < 32) ||
                (cell->glyph >= 127 && (c->ascii || wcwidth((wchar_t)cell->glyph) < 1)) ||
                (cell->glyph >= 0x202a && cell->glyph <= 0x202e) || (cell->glyph == 0 && x == 0) || wide != half)
                fail_msg("U+%04X in style %u at column %d of row %d", cell->glyph, cell->style, x, y);
        }
}

static void draw(struct cells *cells, struct stage *s, scene_maker *make, int columns, int rows) {
    struct error err = {0};
    stage_init(s);
    make(s, (size_t)columns);
    assert_ok(cells_resize(cells, columns, rows, &err), err);
    screen_settle(&s->state, &s->scene, cells);
    screen_render(&s->state, &s->scene, cells);
    check_cells(cells);
}

static void undraw(struct stage *s) {
    struct error err = {0};
    stage_done(s);
    filter_destroy(filter);
    filter = NULL;
    alerts_destroy(alerts);
    assert_ok(alerts_create(&alerts, &err), err);
}

/* The first line in which they differ, as both have it. */
static void complain(const char *path, struct text got, struct text want) {
    struct text a = {NULL, 0}, b = {NULL, 0};
    int line = 1;
    while (text_cut(&got, '\n', &a) && text_cut(&want, '\n', &b) && text_equal(a, b))
        line++;
    fail_msg("%s:%d\n  is     |%.*s|\n  wanted |%.*s|\nLook at it, and when it is better than it was: make screens",
        path, line, TEXT_ARG(a), TEXT_ARG(b));
}

static void check_golden(const struct shown *shown, const struct buffer *got) {
    char path[4096];
    struct buffer want CLEANUP(buffer_done) = {0};
    struct error err = {0};
    int fd CLEANUP(file_close) = -1;
    (void)snprintf(path, sizeof path, "%s/%s-%dx%d%s.txt", folder, shown->name, shown->columns, shown->rows,
        shown->ascii ? "-ascii" : "");
    if (getenv("TACHO_WRITE_SCREENS")) {
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_ok(file_write_all(fd, path, got->at, got->len, NULL, &err), err);
        return;
    }
    assert_ok(file_read_all(AT_FDCWD, path, &want, &err), err);
    if (got->len != want.len || memcmp(got->at, want.at, want.len) != 0)
        complain(path, (struct text){got->at, got->len}, (struct text){want.at, want.len});
}

static void look_as_they_should(void **state) {
    static struct stage s;
    static struct cells cells;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(screens); i++) {
        struct buffer got CLEANUP(buffer_done) = {0};
        cells.ascii = screens[i].ascii;
        draw(&cells, &s, screens[i].make, screens[i].columns, screens[i].rows);
        cells_dump(&cells, true, &got);
        check_golden(&screens[i], &got);
        undraw(&s);
    }
    cells_done(&cells);
}

/* Each scene, in every kind of size, with each panel over it. */
static void fit_into_any_size(void **state) {
    static const int columns[] = {1, 2, 39, 40, 41, 59, 80, 97, 133, 1000}, rows[] = {1, 10, 11, 15, 20, 24, 31, 60};
    static struct stage s;
    static struct cells cells;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(screens); i++)
        for (size_t k = 0; k < COUNT_OF(columns); k++) {
            if (i > 0 && screens[i].make == screens[i - 1].make)
                break;
            cells.ascii = (i + k) % 2;
            draw(&cells, &s, screens[i].make, columns[k], rows[(i + k) % COUNT_OF(rows)]);
            for (enum panel panel = PANEL_NONE; panel <= PANEL_DETAIL; panel++) {
                s.state.panel = panel;
                s.state.panel_top = (int)(k * panel);
                s.state.focus = (enum pane)(k % PANE_COUNT);
                screen_render(&s.state, &s.scene, &cells);
                check_cells(&cells);
            }
            undraw(&s);
        }
    cells_done(&cells);
}

/* Any keys, on any screen: rows and tabs stay where there is something. */
static void any_keys(void **state) {
    static const uint32_t keys[] = {KEY_CODE_UP, KEY_CODE_DOWN, KEY_CODE_PAGE_UP, KEY_CODE_PAGE_DOWN, KEY_CODE_LEFT,
        KEY_CODE_RIGHT, 9, KEY_CODE_BACKTAB, 'w', 'p', 'c', 'm', 'i', 'v', 'u', 'G', 'd', 'f', 't', 'A', 10, 'h', 27,
        KEY_CODE_WHEEL_DOWN, '/', 'x', KEY_CODE_BACKSPACE, 'Z'};
    static struct stage s;
    static struct cells cells;
    uint64_t random = 1;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(screens); i++) {
        if (i > 0 && screens[i].make == screens[i - 1].make)
            continue;
        draw(&cells, &s, screens[i].make, 90, 26);
        for (unsigned n = 0; n < (screens[i].make == hundred_hosts ? 30 : 120); n++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407U;
            struct key key = {.code = keys[(random >> 33) % COUNT_OF(keys)]};
            (void)keys_press(&s.state, &key, s.scene.playback.on);
            screen_settle(&s.state, &s.scene, &cells);
            screen_render(&s.state, &s.scene, &cells);
            check_cells(&cells);
            assert_true(s.state.rows[0].top >= 0 && s.state.rows[1].top >= 0 && s.state.tab_move == 0);
        }
        undraw(&s);
    }
    cells_done(&cells);
}

static int make(void **state) {
    struct error err = {0};
    (void)state;
    return alerts_create(&alerts, &err);
}

static int drop(void **state) {
    (void)state;
    alerts_destroy(alerts);
    return 0;
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(look_as_they_should),
        cmocka_unit_test(fit_into_any_size),
        cmocka_unit_test(any_keys),
    };
    folder = argc > 1 ? argv[1] : "tests/golden/screens";
    if (!setlocale(LC_ALL, "C.UTF-8")) {
        (void)fprintf(stderr, "skipped: there is no locale C.UTF-8\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, make, drop);
}
