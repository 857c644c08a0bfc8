/* view/screen.h: a state and a scene in, cells out. */
#ifndef TACHO_VIEW_SCREEN_H
#define TACHO_VIEW_SCREEN_H

#include "view/cells.h"
#include "view/scene.h"
#include "view/state.h"

enum { SCREEN_COLUMNS_MIN = 40, SCREEN_ROWS_MIN = 10 };

/* Draws everything. Pure: asks no clock, no device, no terminal, and does not know whether the frame is of now or of then. */
void screen_render(const struct view_state *s, const struct scene *scene, struct cells *out);

/* Where things stand on a screen of that size: nowhere when it is too small. */
struct layout {
    struct area title, overview, graphs, tabs, devices, processes, strip, bottom, panel;
};
void screen_layout(const struct view_state *s, const struct scene *scene, struct cells *out, struct layout *ret);

/* Carries out what the keys asked for that depends on what is shown: moves the tab and the selections, keeps them on rows that
 * exist and in sight. Between keys and screen_render. */
void screen_settle(struct view_state *s, const struct scene *scene, struct cells *out);

/* The parts, each in the file of its name. Rows that a part would like to have at that width; what it gets is the layout's. */
int overview_rows(const struct scene *scene, int columns, int rows_there_are);
int graphs_rows(const struct scene *scene, int columns, int rows_there_are);
int devices_rows(const struct view_state *s, const struct scene *scene, int columns);
int strip_rows(const struct scene *scene, int rows_there_are);

void title_draw(struct area a, const struct view_state *s, const struct scene *scene);
void overview_draw(struct area a, const struct view_state *s, const struct scene *scene);
void graphs_draw(struct area a, const struct view_state *s, const struct scene *scene);
void tabs_draw(struct area a, const struct view_state *s, const struct scene *scene);
void devices_draw(struct area a, const struct view_state *s, const struct scene *scene);
void processes_draw(struct area a, const struct view_state *s, const struct scene *scene);
void strip_draw(struct area a, const struct view_state *s, const struct scene *scene);
void bottom_draw(struct area a, const struct view_state *s, const struct scene *scene);
void panel_draw(struct area a, const struct view_state *s, const struct scene *scene);

/* The rows of a pane after filter, sort and tab: for the selection. Keys are unique. Returns how many there are. */
size_t devices_keys(const struct view_state *s, const struct scene *scene, uint64_t *ret, size_t cap);
size_t processes_keys(const struct view_state *s, const struct scene *scene, uint64_t *ret, size_t cap);
uint64_t process_key(const struct process *p); /* its row's */
/* The processes as they are shown: filtered, sorted. Pointers into the scene's frame. Returns how many there are. */
size_t processes_shown(const struct view_state *s, const struct scene *scene, const struct process **ret, size_t cap);
/* The time that a click at (x) of the strip's area means. */
int64_t strip_time(struct area a, const struct scene *scene, int x);

#endif
