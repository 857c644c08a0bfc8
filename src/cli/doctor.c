/* cli/doctor.c: tacho doctor: what can be read on this machine and what cannot, why, and what would change it. */
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/paths.h"
#include "cli/sections.h"
#include "cli/version.h"
#include "collect/explain.h"

struct values {
    struct place_values place;
    bool json, identifiers;
};

static const struct option_spec options[] = {
    {"json", 0, OPTION_FLAG, offsetof(struct values, json), NULL, "one JSON object"},
    {"identifiers", 0, OPTION_FLAG, offsetof(struct values, identifiers), NULL,
        "with serial numbers and device ids, which are left out otherwise"},
    PLACE_OPTIONS(struct values, place),
};

static const struct example examples[] = {
    {"tacho doctor", "what this machine tells, and what it keeps to itself"},
    {"sudo tacho doctor", "the same for root: what is missing then is not a matter of permission"},
    {"tacho doctor --json | jq '.findings[] | select(.state != \"ok\")'", "only what is wrong"},
    {NULL, NULL},
};

static const char *const state_words[] = {
    [READABLE] = "ok", [PARTLY] = "partly", [DENIED] = "denied", [MISSING] = "missing"};

static const char *section_word(enum section s) {
    return s < SECTION_ERROR ? sections[s].name : "system";
}

static void write_json(const struct report *r, const char *host, const char *kernel, struct buffer *out) {
    buffer_put_text(out, TEXT("{\"host\":"));
    json_put_text(out, text_of(host));
    buffer_put_text(out, TEXT(",\"kernel\":"));
    json_put_text(out, text_of(kernel));
    buffer_put_text(out, TEXT(",\"tacho_version\":\"" TACHO_VERSION "\",\"findings\":["));
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct finding *f = &r->findings.at[i];
        buffer_printf(out, "%s{\"section\":\"%s\",\"source\":", i > 0 ? "," : "", section_word(f->section));
        json_put_text(out, f->source);
        buffer_printf(out, ",\"state\":\"%s\",\"says\":", state_words[f->state]);
        json_put_text(out, f->says);
        buffer_put_text(out, TEXT(",\"remedy\":"));
        if (known_text(f->remedy))
            json_put_text(out, f->remedy);
        else
            buffer_put_text(out, TEXT("null"));
        buffer_put_char(out, '}');
    }
    buffer_put_text(out, TEXT("]}\n"));
}

static void write_finding(const struct finding *f, const struct wrap_style *style, struct buffer *out) {
    enum { STATE_AT = 2, SOURCE_AT = 11, SAYS_AT = 32 };
    static const char *const colors[] = {
        [READABLE] = "\033[32m", [PARTLY] = "\033[33m", [DENIED] = "\033[31m", [MISSING] = "\033[2m"};
    char source[300], says[2100], remedy[2100];
    buffer_printf(out, "%*s%s%-*s%s", STATE_AT, "", style->bold ? colors[f->state] : "", SOURCE_AT - STATE_AT,
        state_words[f->state], style->bold ? "\033[0m" : "");
    (void)text_printable(f->source, source, sizeof source);
    buffer_put_text(out, text_of(source));
    (void)text_printable(f->says, says, sizeof says);
    wrap_second(out, SOURCE_AT + wrap_columns(text_of(source)), SAYS_AT, text_of(says), style);
    if (!known_text(f->remedy))
        return;
    buffer_printf(out, "%*s> ", SAYS_AT, "");
    wrap_put(out, text_of(text_printable(f->remedy, remedy, sizeof remedy)), SAYS_AT + 2, SAYS_AT + 2, style);
}

static void write_text(const struct report *r, const char *host, const char *kernel, struct buffer *out) {
    struct wrap_style style = help_style(STDOUT_FILENO);
    char shown[2][300];
    buffer_printf(out, "tacho " TACHO_VERSION " on %s, Linux %s\n",
        text_printable(text_of(host), shown[0], sizeof shown[0]),
        text_printable(text_of(kernel), shown[1], sizeof shown[1]));
    for (unsigned i = 0; i <= SECTION_ERROR; i++) { /* the machine first, then the sections as they stand in a frame */
        enum section s = i == 0 ? REPORT_SYSTEM : (enum section)(i - 1);
        bool any = false;
        for (size_t k = 0; k < r->findings.n; k++) {
            if (r->findings.at[k].section != s)
                continue;
            if (!any)
                buffer_printf(
                    out, "\n%s%s%s\n", style.bold ? "\033[1m" : "", section_word(s), style.bold ? "\033[22m" : "");
            any = true;
            write_finding(&r->findings.at[k], &style, out);
        }
    }
}

static bool anything_readable(const struct report *r) {
    for (size_t i = 0; i < r->findings.n; i++)
        if (r->findings.at[i].section != REPORT_SYSTEM && r->findings.at[i].state <= PARTLY)
            return true;
    return false;
}

static int run(void *values, const struct invocation *in) {
    (void)in;
    const struct values *v = values;
    struct collect_options o = {.processes = PROCESSES_NOTABLE, .sections = (1U << SECTION_ERROR) - 1};
    struct report report = {.identifiers = v->identifiers};
    struct output out = {0};
    struct error err;
    struct utsname system;
    char host[256] = "";
    place_values_read(&v->place, &o);
    (void)uname(&system);
    int r = output_open(NULL, &out, &err);
    if (r < 0)
        return complain_error(&doctor_command, &err);
    explain_machine(collectors, &o, 0, &report);
    (v->json ? write_json : write_text)(&report, paths_host(host), system.release, &out.held);
    bool any = anything_readable(&report);
    r = output_close(&out, true, &err);
    report_done(&report);
    if (r == 0 && !any)
        return complain(&doctor_command, 1, "nothing at all can be read");
    return r < 0 ? complain_error(&doctor_command, &err) : 0;
}

const struct command doctor_command = {
    .name = "doctor",
    .summary = "tell what can be read on this machine, and what cannot",
    .takes = "",
    .options = options,
    .n_options = COUNT_OF(options),
    .values_size = sizeof(struct values),
    .details =
        "Asks every reader what it can read here, and says of what it cannot why, and what would change it: a group, a "
        "capability, a module, a driver. The marks: *ok* all of it, *partly* some, *denied* it is there but may not be "
        "read or does not answer, *missing* this machine has none. The status is 0 when anything can be read.\n\n"
        "Nothing is changed, and no card that sleeps is woken. Serial numbers and device ids are left out unless "
        "--identifiers asks for them.",
    .examples = examples,
    .run = run,
};
