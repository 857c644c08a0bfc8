/* view/export.c: what is shown, as a CSV file in the current folder. */
#include "view/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "frame/columns.h"
#include "view/devices.h"

static const char gpu_columns[] =
    "gpus.index,gpus.uuid,gpus.name,gpus.utilization,gpus.used_memory,gpus.total_memory,gpus.temperature,"
    "gpus.power_consumption,gpus.power_limit_watts,gpus.frequency,gpus.fan_speed_percent,gpus.throttle_reasons";
static const char process_columns[] =
    "processes.pid,processes.ppid,processes.user,processes.priority,processes.nice_value,processes.memory_vms,"
    "processes.memory_rss,processes.state,processes.cpu_percent,processes.memory_percent,processes.device_uuid,"
    "processes.gpu_utilization,processes.used_memory,processes.io_read_bytes/s,processes.io_write_bytes/s,"
    "processes.cpu_time,processes.command";

/* Copies of the items that are shown, in their order; they share the frame's texts. To be freed; NULL without memory. */
static struct gpu *choose_cards(const struct view_state *s, const struct scene *scene, size_t *ret_n) {
    size_t n = 0;
    struct device_line *lines = device_lines(s, scene, &n);
    struct gpu *cards = calloc(n + 1, sizeof *cards);
    *ret_n = 0;
    for (size_t i = 0; cards && i < n; i++)
        if (lines[i].section == SECTION_GPU &&
            filter_matches_gpu(scene->filter, scene->frame, &scene->frame->gpus.at[lines[i].index]))
            cards[(*ret_n)++] = scene->frame->gpus.at[lines[i].index];
    free(lines);
    return cards;
}

static struct process *choose_processes(const struct view_state *s, const struct scene *scene, size_t *ret_n) {
    size_t n = scene->frame->processes.n;
    const struct process **shown = calloc(n + 1, sizeof(struct process *));
    struct process *processes = shown ? calloc(n + 1, sizeof *processes) : NULL;
    *ret_n = processes ? processes_shown(s, scene, shown, n) : 0;
    for (size_t i = 0; i < *ret_n; i++)
        processes[i] = *shown[i];
    free(shown);
    return processes;
}

int export_write(const struct view_state *s, const struct scene *scene, struct buffer *out, struct error *err) {
    bool cards = s->focus == PANE_DEVICES;
    struct columns columns;
    size_t n = 0;
    if (!scene->frame)
        return error_set(err, ERR_ABSENT, "there is nothing to export yet");
    void *items = cards ? (void *)choose_cards(s, scene, &n) : (void *)choose_processes(s, scene, &n);
    int code = 0;
    if (!items)
        return error_set(err, ERR_NOMEM, "rows to export");
    if (n == 0)
        code = error_set(err, ERR_ABSENT, "no %s to export; w changes the pane", cards ? "GPU" : "process");
    else
        code = columns_parse(text_of(cards ? gpu_columns : process_columns), &columns, err);
    if (code == 0) {
        struct frame shown;
        frame_init(&shown);
        shown.wall_ns = scene->frame->wall_ns;
        shown.hostname = scene->frame->hostname;
        *(cards ? &shown.gpus.list : &shown.processes.list) = (struct list){items, n, n, true};
        columns_head(&columns, out);
        columns_rows(&columns, scene->before, &shown, out); /* nothing of it is the frame's own: no frame_done */
        columns_done(&columns);
    }
    free(items);
    return code == 0 && out->failed ? error_set(err, ERR_NOMEM, "rows to export") : code;
}

/* Of a host's name only what every file system and shell takes as it is. */
static void write_name(const struct view_state *s, const struct scene *scene, int number, char out[EXPORT_NAME_MAX]) {
    char host[64], moment[32] = "", again[16] = "";
    struct text name = s->host[0] ? text_of(s->host) : scene->frame->hostname;
    size_t n = 0;
    for (; n < name.len && n < sizeof host - 1; n++) {
        char c = name.at[n];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
        host[n] = plain ? c : '_';
    }
    host[n] = '\0';
    time_t seconds = (time_t)(scene->frame->wall_ns / NS_PER_SECOND - (scene->frame->wall_ns % NS_PER_SECOND < 0));
    struct tm tm;
    if (gmtime_r(&seconds, &tm))
        (void)strftime(moment, sizeof moment, "%Y%m%dT%H%M%SZ", &tm);
    if (number > 1)
        (void)snprintf(again, sizeof again, "-%d", number);
    (void)snprintf(out, EXPORT_NAME_MAX, "tacho-%s-%s%s.csv", host, moment, again);
}

int export_save(
    const struct view_state *s, const struct scene *scene, char ret_name[EXPORT_NAME_MAX], struct error *err) {
    enum { TRIES_MAX = 99 };
    struct buffer rows CLEANUP(buffer_done) = {0};
    int fd CLEANUP(file_close) = -1;
    char name[EXPORT_NAME_MAX];
    int code = export_write(s, scene, &rows, err);
    if (code < 0)
        return code;
    code = -ERR_EXISTS;
    for (int i = 1; code == -ERR_EXISTS && i <= TRIES_MAX; i++) {
        write_name(s, scene, i, name);
        code = file_create(name, false, &fd, err);
    }
    if (code == 0)
        code = file_write_all(fd, name, rows.at, rows.len, NULL, err);
    if (code == 0)
        memcpy(ret_name, name, sizeof name);
    return code;
}
