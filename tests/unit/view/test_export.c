/* tests/unit/view/test_export.c: the rows that are shown, as CSV: filtered, sorted, in a file that was not there before. */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "view/export.h"

static struct stage stage;

static int make(void **state) {
    (void)state;
    stage_init(&stage);
    stage_machine(&stage, "node-07", 2, 30);
    for (unsigned i = 0; i < 3; i++)
        (void)stage_gpu(&stage, "node-07", i, i == 1 ? 90 : 10 * i);
    (void)stage_process(&stage, "node-07", 10, 1, "mina", 5, "a, \"quoted\" one");
    (void)stage_process(&stage, "node-07", 20, 1, "joe", 50, "\033[2J");
    (void)stage_process(&stage, "node-07", 30, 1, "mina", 7, "third");
    return 0;
}

static int drop(void **state) {
    (void)state;
    stage_done(&stage);
    return 0;
}

/* The values of a column, as they stand below one another. */
static void column_is(const char *name, const char *wanted) {
    struct buffer rows = {0};
    struct error err = {0};
    char got[200] = "";
    assert_ok(export_write(&stage.state, &stage.scene, &rows, &err), err);
    struct text rest = {rows.at, rows.len}, line, cell;
    assert_true(text_cut(&rest, '\n', &line));
    size_t column = 0;
    while (text_cut(&line, ',', &cell) && !text_is(cell, name))
        column++;
    assert_text(cell, name);
    while (rest.len > 0 && text_cut(&rest, '\n', &line)) {
        for (size_t i = 0; i <= column; i++)
            assert_true(text_cut(&line, ',', &cell));
        size_t n = strlen(got);
        (void)snprintf(got + n, sizeof got - n, "%.*s ", TEXT_ARG(cell));
    }
    assert_string_equal(got, wanted);
    buffer_done(&rows);
}

static void processes_as_they_are_shown(void **state) {
    (void)state;
    struct error err = {0};
    struct filter *filter = NULL;
    column_is("processes.pid", "20 30 10 ");
    column_is("t", "2026-04-18T12:30:00.000Z 2026-04-18T12:30:00.000Z 2026-04-18T12:30:00.000Z ");
    column_is("host", "node-07 node-07 node-07 ");
    column_is("processes.io_write_bytes/s", "1000.0 1500.0 500.0 ");
    stage.state.process_reverse = true;
    column_is("processes.pid", "10 30 20 ");
    assert_ok(filter_parse(TEXT("user = mina"), &filter, &err), err);
    stage.scene.filter = filter;
    column_is("processes.user", "mina mina ");
    struct buffer rows = {0};
    stage.scene.filter = NULL;
    assert_ok(export_write(&stage.state, &stage.scene, &rows, &err), err);
    assert_non_null(memmem(rows.at, rows.len, "\"a, \"\"quoted\"\" one\"", 19));
    assert_non_null(memmem(rows.at, rows.len, "\\x1b[2J", 7));
    assert_null(memchr(rows.at, '\033', rows.len));
    buffer_done(&rows);
    filter_destroy(filter);
}

static void cards_as_they_are_shown(void **state) {
    (void)state;
    stage.state.focus = PANE_DEVICES;
    column_is("gpus.index", "0 1 2 ");
    stage.state.gpu_sort = GPU_SORT_UTILIZATION;
    column_is("gpus.index", "1 2 0 ");
    stage.frame.gpus.at[2].utilization = NAN;
    column_is("gpus.index", "1 0 2 ");
    column_is("gpus.utilization", "90.0 0.0  ");
}

static void nothing_to_write(void **state) {
    (void)state;
    struct buffer rows = {0};
    struct error err = {0};
    stage.frame.gpus.n = stage.frame.processes.n = 0;
    assert_int_equal(export_write(&stage.state, &stage.scene, &rows, &err), -ERR_ABSENT);
    stage.state.focus = PANE_DEVICES;
    assert_int_equal(export_write(&stage.state, &stage.scene, &rows, &err), -ERR_ABSENT);
    assert_string_equal(err.text, "no GPU to export; w changes the pane");
    stage.scene.frame = NULL;
    assert_int_equal(export_write(&stage.state, &stage.scene, &rows, &err), -ERR_ABSENT);
    assert_int_equal(rows.len, 0);
}

static void a_new_file_each_time(void **state) {
    (void)state;
    char folder[] = "/tmp/export-XXXXXX", name[EXPORT_NAME_MAX];
    struct error err = {0};
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    stage.frame.hostname = TEXT("../etc/\033 n\303\266de");
    assert_ok(export_save(&stage.state, &stage.scene, name, &err), err);
    assert_string_equal(name, "tacho-.._etc___n__de-20260418T123000Z.csv");
    assert_int_equal(access(name, R_OK), 0);
    assert_ok(export_save(&stage.state, &stage.scene, name, &err), err);
    assert_string_equal(name, "tacho-.._etc___n__de-20260418T123000Z-2.csv");
    assert_int_equal(
        unlink(name) + unlink("tacho-.._etc___n__de-20260418T123000Z.csv") + chdir("/") + rmdir(folder), 0);
}

#define WITH_STAGE(test) cmocka_unit_test_setup_teardown(test, make, drop)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_STAGE(processes_as_they_are_shown),
        WITH_STAGE(cards_as_they_are_shown),
        WITH_STAGE(nothing_to_write),
        WITH_STAGE(a_new_file_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
