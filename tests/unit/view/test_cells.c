/* tests/unit/view/test_cells.c: what is drawn where: clipping, wide glyphs and their halves, hostile text, bars. */
#include "test.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "view/cells.h"
#include "view/format.h"

static struct cells cells;
static struct area all;

static void blank(int columns, int rows, bool ascii) {
    struct error err = {0};
    cells.ascii = ascii;
    assert_ok(cells_resize(&cells, columns, rows, &err), err);
    all = cells_all(&cells);
}

static int drop(void **state) {
    (void)state;
    cells_done(&cells);
    return 0;
}

static void is(const char *wanted) {
    struct buffer out = {0};
    cells_dump(&cells, false, &out);
    buffer_put_char(&out, '\0');
    if (strcmp(out.at, wanted) != 0)
        fail_msg("\n%s\nis not\n%s", out.at, wanted);
    buffer_done(&out);
}

static void sizes(void **state) {
    (void)state;
    blank(0, -3, false);
    assert_int_equal(cells.columns * cells.rows, 1);
    blank(100000, 100000, false);
    assert_int_equal(cells.columns, CELLS_COLUMNS_MAX);
    assert_int_equal(cells.rows, CELLS_ROWS_MAX);
    blank(3, 2, false);
    is("\n\n");
}

static void parts_stay_inside(void **state) {
    (void)state;
    blank(10, 4, false);
    struct area a = area_part(all, 7, 3, 100, 100);
    assert_true(a.x == 7 && a.y == 3 && a.columns == 3 && a.rows == 1);
    a = area_part(all, -5, 9, 2, 2);
    assert_true(a.x == 0 && a.columns == 2 && a.rows == 0);
    a = area_part(all, 20, 0, -1, 1);
    assert_int_equal(a.columns, 0);
    a = all;
    struct area top = area_cut_rows(&a, 1), bottom = area_cut_rows(&a, -1), rest = area_cut_rows(&a, 9);
    assert_true(top.y == 0 && bottom.y == 3 && rest.y == 1 && rest.rows == 2 && a.rows == 0);
    a = all;
    struct area left = area_cut_columns(&a, 2), right = area_cut_columns(&a, -3);
    assert_true(left.columns == 2 && right.x == 7 && right.columns == 3 && a.x == 2 && a.columns == 5);
}

static void text_is_clipped(void **state) {
    (void)state;
    blank(8, 3, false);
    assert_int_equal(area_text(all, 6, 0, STYLE_TEXT, -1, TEXT("abcdef")), 2);
    assert_int_equal(area_text(all, 0, 1, STYLE_TEXT, 5, TEXT("abcdef")), 5);
    assert_int_equal(area_text(all, 0, 2, STYLE_TEXT, 6, TEXT("abcdef")), 6);
    assert_int_equal(area_text(all, 0, 3, STYLE_TEXT, -1, TEXT("below")), 0);
    assert_int_equal(area_text(all, 0, -1, STYLE_TEXT, -1, TEXT("above")), 0);
    assert_int_equal(area_text(all, 9, 0, STYLE_TEXT, 3, TEXT("beside")), 0);
    assert_int_equal(area_text(all, 0, 0, STYLE_TEXT, 0, TEXT("none")), 0);
    assert_int_equal(area_text(all, 0, 0, STYLE_TEXT, 5, (struct text){NULL, 0}), 0);
    is("      ab\nabcd\342\200\246\nabcdef\n");
    area_print_right(all, 8, 0, STYLE_TEXT, "%d", 123456789);
    area_print_right(all, 4, 1, STYLE_TEXT, "%s", "xy");
    is("23456789\nabxy\342\200\246\nabcdef\n");
}

static void wide_glyphs(void **state) {
    (void)state;
    blank(6, 2, false);
    assert_int_equal(area_text(all, 0, 0, STYLE_TEXT, -1, TEXT("a\346\274\242\345\255\227b")), 6);
    assert_int_equal(cells.at[1].glyph, 0x6f22);
    assert_int_equal(cells.at[2].glyph, 0);
    is("a\346\274\242\345\255\227b\n\n");
    area_glyph(all, 2, 0, STYLE_TEXT, 'x'); /* over the right half of the first */
    is("a x\345\255\227b\n\n");
    area_glyph(all, 3, 0, STYLE_TEXT, 'y'); /* over the left half of the second */
    is("a xy b\n\n");
    blank(6, 1, false);
    assert_int_equal(area_text(all, 5, 0, STYLE_TEXT, -1, TEXT("\346\274\242")), 0); /* half of it would be outside */
    assert_int_equal(area_text(all, 0, 0, STYLE_TEXT, 4, TEXT("\346\274\242\345\255\227\346\274\242")), 3);
    is("\346\274\242\342\200\246\n");
    blank(6, 1, false);
    (void)area_text(all, 1, 0, STYLE_TEXT, -1, TEXT("\346\274\242"));
    area_glyph(area_part(all, 0, 0, 2, 1), 1, 0, STYLE_TEXT, 'x'); /* its other half is outside of the area */
    assert_int_equal(cells.at[2].glyph, ' ');
    (void)area_text(all, 1, 0, STYLE_TEXT, -1, TEXT("\346\274\242"));
    area_glyph(area_part(all, 2, 0, 2, 1), 0, 0, STYLE_TEXT, 'x');
    assert_int_equal(cells.at[1].glyph, ' ');
    blank(3, 1, false);
    area_print_right(all, 3, 0, STYLE_TEXT, "\346\274\242\345\255\227"); /* one column too wide */
    assert_int_equal(cells.at[0].glyph, ' ');
    assert_int_equal(cells.at[1].glyph, 0x5b57);
}

static void hostile_text(void **state) {
    (void)state;
    blank(60, 1, false);
    (void)area_text(all, 0, 0, STYLE_TEXT, -1, TEXT("a\033[2J\a\x7f\302\233e\314\201\342\200\256\377\t"));
    is("a\\x1b[2J\\x07\\x7f\\u{9b}e\\u{202e}\\xff\\x09\n");
    assert_int_equal(text_columns(TEXT("e\314\201\346\274\242\033"), false), 7);
    blank(20, 1, true);
    (void)area_text(all, 0, 0, STYLE_TEXT, 12, TEXT("\346\274\242 \303\244 85\302\260 \342\200\246 and more"));
    is("? ? 85C ~ a~\n");
}

static void bars(void **state) {
    (void)state;
    static const struct {
        double percent;
        const char *fine, *plain;
    } cases[] = {
        {NAN, "\302\267\302\267\302\267\302\267\n", "....\n"},
        {0, "\302\267\302\267\302\267\302\267\n", "....\n"},
        {-7, "\302\267\302\267\302\267\302\267\n", "....\n"},
        {0.001, "\342\226\217\302\267\302\267\302\267\n", "....\n"},
        {50, "\342\226\210\342\226\210\302\267\302\267\n", "||..\n"},
        {99, "\342\226\210\342\226\210\342\226\210\342\226\210\n", "||||\n"},
        {1e300, "\342\226\210\342\226\210\342\226\210\342\226\210\n", "||||\n"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        blank(4, 1, false);
        area_bar(all, 0, 0, 4, cases[i].percent);
        is(cases[i].fine);
        blank(4, 1, true);
        area_bar(all, 0, 0, 4, cases[i].percent);
        is(cases[i].plain);
    }
    blank(4, 1, false);
    area_bar(all, 2, 0, 9, 100);
    area_bar(all, 0, 7, 9, 100);
    is("  \342\226\210\342\226\210\n");
    assert_int_equal(style_of_load(NAN), STYLE_UNKNOWN);
    assert_int_equal(style_of_load(-1), STYLE_LOAD);
    assert_int_equal(style_of_load(1e300), STYLE_LOAD + LOAD_STEPS - 1);
}

static void styles(void **state) {
    (void)state;
    struct buffer out = {0};
    blank(6, 2, false);
    (void)area_print(all, 0, 0, STYLE_BAD, "ab");
    area_restyle(area_part(all, 1, 0, 1, 9), STYLE_SELECTED);
    area_fill(area_part(all, 0, 1, 2, 1), STYLE_CHIP, '#');
    cells_dump(&cells, true, &out);
    buffer_put_char(&out, '\0');
    assert_string_equal(out.at, "ab\nbs\n##\nCC\n");
    buffer_done(&out);
}

/* Readings keep to their columns. */
static void readings(void **state) {
    (void)state;
    char t[FORMAT_LEN];
    static const struct {
        double v;
        const char *bytes, *percent, *watts, *number;
    } cases[] = {
        {NAN, "-", "-", "-", "-"},
        {0, "0", "0.0", "0W", "0"},
        {9.94, "10", "9.9", "10W", "10"},
        {9.96, "10", "10", "10W", "10"},
        {1023, "1023", "1023", "1023W", "1023"},
        {1024, "1.00K", "1024", "1024W", "1024"},
        {99.95 * 1024, "100K", "102349", "102.3kW", "102k"},
        {9999.5, "9.77K", "10000", "10.0kW", "10.0k"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_string_equal(format_bytes(cases[i].v, t), cases[i].bytes);
        assert_string_equal(format_percent(cases[i].v, t), cases[i].percent);
        assert_string_equal(format_watts(cases[i].v, t), cases[i].watts);
        assert_string_equal(format_number(cases[i].v, t), cases[i].number);
    }
    assert_string_equal(format_bytes(0x1p63, t), "8.00E");
    assert_string_equal(format_cpu_time(59, t), "0:59");
    assert_string_equal(format_cpu_time(6000, t), "1h40");
    assert_string_equal(format_cpu_time(360000, t), "4d4");
    assert_string_equal(format_cpu_time(UINT64_MAX, t), "-");
    assert_string_equal(format_span(INT64_C(93784) * 1000000000, t), "26:03:04");
    assert_string_equal(format_span(INT64_C(-1000000000), t), "-00:00:01");
    blank(8, 2, false);
    area_fill(all, STYLE_TEXT, '.');
    area_reading(all, 2, 0, 4, STYLE_TEXT, "12");
    area_reading(all, 2, 1, 4, STYLE_TEXT, "123456");
    is("....12..\n..123\342\200\246..\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(parts_stay_inside),
        cmocka_unit_test(text_is_clipped),
        cmocka_unit_test(wide_glyphs),
        cmocka_unit_test(hostile_text),
        cmocka_unit_test(bars),
        cmocka_unit_test(styles),
        cmocka_unit_test(readings),
    };
    if (!setlocale(LC_ALL, "C.UTF-8")) {
        (void)fprintf(stderr, "skipped: there is no locale C.UTF-8\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, drop);
}
