/* collect/process/users.c: names of users, looked up on a thread of their own and kept. */
#include "collect/process/users.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/number.h"
#include "collect/lookup.h"

enum { USER_NAME_MAX = 64, ENTRY_MAX = 8192 };

struct user {
    uint64_t uid;
    char name[USER_NAME_MAX]; /* the number until the name is known */
};

struct users {
    struct lookup *lookup;
    struct user *users; /* ascending */
    size_t n, cap;
    char number[NUMBER_TEXT_MAX]; /* of a user that there was no room for */
};

static char *find_in_file(const char *path, uid_t uid) {
    char buf[ENTRY_MAX];
    struct passwd entry;
    struct passwd *found = NULL;
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    while (fgetpwent_r(file, &entry, buf, sizeof buf, &found) == 0 && found && found->pw_uid != uid) {
    }
    char *name = found && found->pw_uid == uid ? strdup(found->pw_name) : NULL;
    (void)fclose(file);
    return name;
}

static void *answer(void *context, uint64_t uid) {
    const char *path = context;
    if (path[0])
        return find_in_file(path, (uid_t)uid);
    char buf[ENTRY_MAX];
    struct passwd entry;
    struct passwd *found = NULL;
    return getpwuid_r((uid_t)uid, &entry, buf, sizeof buf, &found) == 0 && found ? strdup(found->pw_name) : NULL;
}

static const struct lookup_ops ops = {.name = "tacho-users", .answer = answer, .drop = free, .close = free};

int users_create(const char *rootfs, struct users **ret, struct error *err) {
    char *path = NULL;
    bool own = text_is(text_of(rootfs), "/");
    struct users *u = calloc(1, sizeof *u);
    if (!u || asprintf(&path, "%s%s", own ? "" : rootfs, own ? "" : "/etc/passwd") < 0) {
        free(u);
        return error_set(err, ERR_NOMEM, "user names");
    }
    int status = lookup_create(&ops, path, &u->lookup, err);
    if (status < 0) {
        free(path);
        free(u);
        return status;
    }
    *ret = u;
    return 0;
}

/* Where the user is, or would be. */
static size_t place_of(const struct users *u, uint64_t uid) {
    size_t low = 0;
    size_t high = u->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (u->users[middle].uid < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void users_refresh(struct users *u) {
    uint64_t uid = 0;
    void *name = NULL;
    while (lookup_take(u->lookup, &uid, &name)) {
        size_t at = place_of(u, uid);
        if (name && at < u->n && u->users[at].uid == uid)
            (void)snprintf(u->users[at].name, USER_NAME_MAX, "%s", (const char *)name);
        free(name);
    }
}

static bool make_room(struct users *u) {
    if (u->n < u->cap)
        return true;
    size_t cap = u->cap ? u->cap * 2 : 16;
    struct user *grown = cap <= USERS_MAX ? realloc(u->users, cap * sizeof *grown) : NULL;
    if (!grown)
        return false;
    u->users = grown;
    u->cap = cap;
    return true;
}

struct text users_name(struct users *u, uint64_t uid) {
    size_t at = place_of(u, uid);
    if (at == u->n || u->users[at].uid != uid) {
        if (!make_room(u) || !lookup_ask(u->lookup, uid))
            return (struct text){u->number, number_write_u64(u->number, uid)};
        memmove(u->users + at + 1, u->users + at, (u->n - at) * sizeof *u->users);
        u->n++;
        u->users[at] = (struct user){.uid = uid};
        u->users[at].name[number_write_u64(u->users[at].name, uid)] = '\0';
    }
    return text_of(u->users[at].name);
}

void users_wait(struct users *u, int64_t deadline_mono_ns) {
    lookup_wait(u->lookup, deadline_mono_ns);
    users_refresh(u);
}

void users_destroy(struct users *u) {
    if (!u)
        return;
    lookup_destroy(u->lookup);
    free(u->users);
    free(u);
}
