/* view/state.h: what the person before the screen has chosen. Keys change it, the renderer reads it. */
#ifndef TACHO_VIEW_STATE_H
#define TACHO_VIEW_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum pane { PANE_DEVICES, PANE_PROCESSES, PANE_COUNT }; /* what the arrow keys scroll */

enum panel { PANEL_NONE, PANEL_HELP, PANEL_ALERTS, PANEL_DETAIL }; /* what lies over the screen */

enum edit { EDIT_NONE, EDIT_FILTER, EDIT_TIMECODE };

enum process_sort { PROCESS_SORT_CPU, PROCESS_SORT_MEMORY, PROCESS_SORT_IO, PROCESS_SORT_PID, PROCESS_SORT_VRAM };
enum gpu_sort { GPU_SORT_NONE, GPU_SORT_UTILIZATION, GPU_SORT_MEMORY };

enum { EDIT_MAX = 512, HOST_NAME_MAX_SHOWN = 256, NOTICE_MAX = 200, RECALL_MAX = 5 };

/* A row is remembered by what it is, not by where it stands: rows move as readings change. */
struct selection {
    uint64_t key;   /* pid, or a hash of the card's uuid; 0: the first row */
    int top;        /* the first row shown */
    int move;       /* rows to move by, as the keys asked; done by the renderer's next pass over the rows (state_settle) */
};

struct edit_line {
    char text[EDIT_MAX + 1];
    size_t len, at; /* bytes; `at`: where the next letter goes */
};

struct view_state {
    char host[HOST_NAME_MAX_SHOWN]; /* the tab: a host, or "" for all */
    int tab_move;                   /* tabs to move by, as the keys asked */
    enum pane focus;
    struct selection rows[PANE_COUNT];
    int panel_top;                  /* scrolling inside the panel */
    enum panel panel;
    enum process_sort process_sort;
    bool process_reverse, gpu_processes_only, tree;
    enum gpu_sort gpu_sort;
    bool utc;                       /* times in UTC instead of local time */
    enum edit edit;
    struct edit_line line;
    char filter[EDIT_MAX + 1];             /* the one in force; "" for none */
    char recall[RECALL_MAX][EDIT_MAX + 1]; /* filters, newest first */
    int recalled;
    char edit_error[NOTICE_MAX];
    char notice[NOTICE_MAX];
    int64_t notice_until_mono_ns;
    enum { STRIP_GPU, STRIP_POWER, STRIP_CPU, STRIP_KINDS } strip;
};

#endif
