/* collect/storage.c: file systems: how full they are, and what their block devices have moved. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "collect/collectors.h"
#include "collect/kernel_file.h"
#include "collect/mounts.h"

enum {
    MOUNTINFO_MAX = 8 << 20,
    DISKSTATS_MAX = 2 << 20,
    ROOT_PATH_MAX = 1024,
};

/* Local and network file systems are two readers with a worker each: a server that is gone costs the network ones only. */
struct storage_reader {
    bool remote;
    int proc_fd;
    char root[ROOT_PATH_MAX]; /* before every mount point; "" for / */
    struct kernel_file tables[4], diskstats;
    struct mount *mounts; /* MOUNTS_MAX */
};

static const struct {
    const char *name;
    bool old_form;
} tables[4] = {{"self/mountinfo", false}, {"1/mountinfo", false}, {"self/mounts", true}, {"1/mounts", true}};

static void storage_close(void *self) {
    struct storage_reader *r = self;
    if (!r)
        return;
    for (size_t i = 0; i < COUNT_OF(r->tables); i++)
        kernel_file_done(&r->tables[i]);
    kernel_file_done(&r->diskstats);
    file_close(&r->proc_fd);
    free(r->mounts);
    free(r);
}

static int storage_open(const struct collect_options *options, bool remote, void **ret, struct error *err) {
    struct storage_reader *r = calloc(1, sizeof *r);
    struct mount *mounts = calloc(MOUNTS_MAX, sizeof *mounts);
    if (!r || !mounts) {
        free(r);
        free(mounts);
        return error_set(err, ERR_NOMEM, "storage reader");
    }
    *r = (struct storage_reader){
        .remote = remote, .proc_fd = -1, .mounts = mounts, .diskstats = KERNEL_FILE("diskstats", DISKSTATS_MAX)};
    for (size_t i = 0; i < COUNT_OF(r->tables); i++)
        r->tables[i] = (struct kernel_file)KERNEL_FILE(tables[i].name, MOUNTINFO_MAX);

    struct text root = text_of(options->roots.rootfs);
    while (root.len > 0 && root.at[root.len - 1] == '/')
        root.len--;
    int status = 0;
    if (root.len >= sizeof r->root)
        status = error_set(err, ERR_LIMIT, "the path of the root file system is longer than %d bytes", ROOT_PATH_MAX);
    else
        (void)snprintf(r->root, sizeof r->root, "%.*s", TEXT_ARG(root));
    if (status == 0)
        status = kernel_dir_open(options->roots.procfs, &r->proc_fd, err);
    if (status < 0) {
        storage_close(r);
        return status;
    }
    *ret = r;
    return 0;
}

static int local_open(const struct collect_options *options, void **ret, struct error *err) {
    return storage_open(options, false, ret, err);
}

static int remote_open(const struct collect_options *options, void **ret, struct error *err) {
    return storage_open(options, true, ret, err);
}

/* Whose mounts: our own when we see the machine's root as ours, else (in a container with the host's root mounted
 * somewhere) those of the host's first process. */
static int read_mounts(struct storage_reader *r, size_t *ret_n, struct error *err) {
    static const size_t orders[2][4] = {{0, 1, 2, 3}, {1, 3, 0, 2}};
    const size_t *order = orders[r->root[0] != '\0'];
    int status = 0;
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        struct text text;
        struct kernel_file *table = &r->tables[order[i]];
        status = kernel_file_read(table, r->proc_fd, &text, err);
        if (status == 0) {
            *ret_n = mounts_parse(table->text.at, table->text.len, tables[order[i]].old_form, r->mounts);
            return 0;
        }
        if (status != -ERR_ABSENT)
            return status;
    }
    return status;
}

static bool find_disk(struct text diskstats, const struct mount *m, uint64_t device, struct disk *ret) {
    struct text name = m->source;
    for (struct text part; text_cut(&name, '/', &part);)
        if (!known_text(name)) {
            name = part;
            break;
        }
    while (disk_next(&diskstats, ret))
        if ((known_u64(device) && ret->device == device) ||
            (text_starts(m->source, "/dev/") && text_equal(ret->name, name)))
            return true;
    return false;
}

/* The device number of what a mount names as its source, for file systems (btrfs) that have a number of their own. */
static uint64_t source_device(const struct storage_reader *r, const struct mount *m) {
    char path[ROOT_PATH_MAX + 256];
    struct stat info;
    if (!text_starts(m->source, "/dev/mapper/") || m->source.len > 255)
        return m->device;
    (void)snprintf(path, sizeof path, "%s%.*s", r->root, TEXT_ARG(m->source));
    return stat(path, &info) == 0 && S_ISBLK(info.st_mode) ? mount_device(major(info.st_rdev), minor(info.st_rdev))
                                                           : m->device;
}

static void put_disk(
    const struct storage_reader *r, struct text diskstats, const struct mount *m, struct storage *storage) {
    struct disk disk;
    if (m->remote || !find_disk(diskstats, m, source_device(r, m), &disk))
        return;
    storage->reads = disk.reads;
    storage->writes = disk.writes;
    storage->read_bytes = disk.read_bytes;
    storage->write_bytes = disk.write_bytes;
    storage->io_time_ms = disk.io_time_ms;
}

static uint64_t blocks(uint64_t count, uint64_t size) {
    uint64_t bytes = 0;
    return __builtin_mul_overflow(count, size, &bytes) ? U64_UNKNOWN : bytes;
}

/* False when the mount is none that people think of: a single file bound into a container, or one without blocks. */
static bool ask_space(const struct storage_reader *r, const struct mount *m, struct statvfs *ret) {
    char path[ROOT_PATH_MAX + MOUNT_PATH_MAX + 1];
    struct stat info;
    (void)snprintf(path, sizeof path, "%s%.*s", r->root, TEXT_ARG(m->point));
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode) && statvfs(path, ret) == 0 && ret->f_blocks > 0;
}

static int storage_sample(void *self, const struct cycle *cycle, struct frame *into, struct error *err) {
    struct storage_reader *r = self;
    struct text diskstats = {NULL, 0};
    size_t n = 0;
    int status = read_mounts(r, &n, err);
    if (status < 0)
        return status;
    if (!r->remote && kernel_file_read(&r->diskstats, r->proc_fd, &diskstats, NULL) < 0)
        diskstats = (struct text){NULL, 0};
    into->storage.asked = true;
    for (size_t i = 0; i < n; i++) {
        const struct mount *m = &r->mounts[i];
        struct statvfs space;
        if (m->remote != r->remote || !ask_space(r, m, &space))
            continue;
        struct storage *storage = frame_add(&into->arena, &into->storage.list, &storage_table);
        if (!storage)
            return error_set(err, ERR_NOMEM, "storage of a frame");
        storage->index = i; /* of all, so that the two readers' numbers do not meet */
        storage->host_id = storage->hostname = cycle->host_id;
        storage->mount_point = arena_text(&into->arena, m->point);
        storage->device = arena_text(&into->arena, m->source);
        storage->filesystem = arena_text(&into->arena, m->type);
        storage->total_bytes = blocks(space.f_blocks, space.f_frsize);
        storage->available_bytes = blocks(space.f_bavail, space.f_frsize);
        if (space.f_files > 0) { /* file systems that make inodes as they go count none */
            storage->inodes_total = space.f_files;
            storage->inodes_free = space.f_ffree;
        }
        put_disk(r, diskstats, m, storage);
    }
    return 0;
}

const struct collector storage_collector = {
    .name = "storage",
    .section = SECTION_STORAGE,
    .may_block = true,
    .open = local_open,
    .sample = storage_sample,
    .close = storage_close,
};

const struct collector remote_storage_collector = {
    .name = "network storage",
    .section = SECTION_STORAGE,
    .may_block = true,
    .open = remote_open,
    .sample = storage_sample,
    .close = storage_close,
};
