/* cli/paths.c: where recordings are kept by default. */
#include "cli/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "linefile/chain.h"

int paths_recordings(char out[PATH_LEN], struct error *err) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int n = state && state[0] == '/' ? snprintf(out, PATH_LEN, "%s/tacho/recordings", state)
            : home && home[0] == '/' ? snprintf(out, PATH_LEN, "%s/.local/state/tacho/recordings", home)
                                     : 0;
    if (n <= 0 || n >= PATH_LEN)
        return error_set(
            err, ERR_USAGE, "neither XDG_STATE_HOME nor HOME says where to keep recordings: name a file with -o");
    return 0;
}

const char *paths_host(char out[256]) {
    if (gethostname(out, 256) != 0)
        out[0] = '\0';
    out[255] = '\0';
    if (out[0] == '\0')
        (void)snprintf(out, 256, "localhost");
    return out;
}

int paths_new_recording(enum codec codec, char out[PATH_LEN], struct error *err) {
    char dir[PATH_LEN], host[256], stamp[CLOCK_LOCAL_LEN];
    int r = paths_recordings(dir, err);
    if (r < 0)
        return r;
    (void)paths_host(host);
    for (char *c = host; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-'))
            *c = '-';
    clock_format_local(clock_wall_ns(), stamp);
    int n = snprintf(out, PATH_LEN, "%s/%s-%.4s%.2s%.2s-%.2s%.2s%.2s.ndjson%s", dir, host, stamp, stamp + 5, stamp + 8,
        stamp + 11, stamp + 14, stamp + 17, codec_extension(codec));
    return n > 0 && n < PATH_LEN ? file_make_parents(out, err) : error_set(err, ERR_LIMIT, "%s: path too long", dir);
}

static bool is_active(const char *name) {
    char *base = NULL;
    unsigned number = 0;
    struct text t = text_of(name);
    if (name[0] == '.' || !(text_ends(t, ".ndjson.zst") || text_ends(t, ".ndjson.gz") || text_ends(t, ".ndjson")))
        return false;
    bool numbered = chain_parse_path(name, &base, &number);
    free(base);
    return !numbered;
}

int paths_newest_recording(char out[PATH_LEN], struct error *err) {
    char dir_path[PATH_LEN], newest[256] = "";
    struct timespec when = {0};
    int r = paths_recordings(dir_path, err);
    if (r < 0)
        return r;
    DIR *dir = opendir(dir_path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        struct stat info;
        if (!is_active(entry->d_name) || fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(info.st_mode))
            continue;
        if (newest[0] == '\0' || info.st_mtim.tv_sec > when.tv_sec ||
            (info.st_mtim.tv_sec == when.tv_sec && info.st_mtim.tv_nsec > when.tv_nsec)) {
            when = info.st_mtim;
            (void)snprintf(newest, sizeof newest, "%s", entry->d_name);
        }
    }
    if (dir)
        (void)closedir(dir);
    if (newest[0] == '\0')
        return error_set(err, ERR_ABSENT, "no recording in %s: name the file", dir_path);
    return snprintf(out, PATH_LEN, "%s/%s", dir_path, newest) < PATH_LEN ? 0
                                                                         : error_set(err, ERR_LIMIT, "path too long");
}
