/* collect/mounts.c: parses the kernel's tables of mounts and of block devices. */
#include "collect/mounts.h"

#include "collect/kernel_file.h"

static bool any_of(struct text t, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (text_is(t, list[i]))
            return true;
    return false;
}

static bool is_remote(struct text type) {
    static const char *const types[] = {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "ceph",
        "lustre",
        "gpfs",
        "beegfs",
        "beegfs_nodev",
        "wekafs",
        "afs",
        "9p",
        "virtiofs",
        "glusterfs",
        "orangefs",
        "pvfs2",
        "gfs2",
        "ocfs2",
        "quobyte",
        "pnfs",
        "acfs",
        "vboxsf",
        "fuse.glusterfs",
        "fuse.sshfs",
        "fuse.ceph",
        "fuse.ceph-fuse",
        "fuse.s3fs",
        "fuse.gcsfuse",
        "fuse.rclone",
        "fuse.juicefs",
        "fuse.mount-s3",
        "fuse.moosefs",
        "fuse.mfs",
        "fuse.blobfuse",
        "fuse.blobfuse2",
        "fuse.dfuse",
        "fuse.quobyte",
        "fuse.alluxio-fuse",
        "fuse.seaweedfs",
    };
    return any_of(type, types, COUNT_OF(types));
}

/* Pools have a name as their source, not a device. */
static bool is_pool(struct text type) {
    static const char *const types[] = {"zfs", "btrfs", "bcachefs"};
    return any_of(type, types, COUNT_OF(types));
}

/* Images that are full by design and say nothing about the machine's disks. */
static bool is_image(struct text type) {
    static const char *const types[] = {"squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"};
    return any_of(type, types, COUNT_OF(types));
}

static bool holds_data(const struct mount *m) {
    if (m->remote)
        return true;
    if (text_is(m->type, "overlay")) /* the root of a container */
        return text_is(m->point, "/");
    return !is_image(m->type) &&
           (is_pool(m->type) ||
               (text_starts(m->source, "/dev/") && !text_is(m->type, "devtmpfs") && !text_starts(m->type, "fuse.")));
}

static bool is_octal(char c) {
    return c >= '0' && c <= '7';
}

/* \040 and the like, in place: the text only shrinks. */
static struct text unescape(char *at, size_t len) {
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        if (at[i] == '\\' && len - i > 3 && is_octal(at[i + 1]) && is_octal(at[i + 2]) && is_octal(at[i + 3])) {
            at[out++] = (char)((at[i + 1] - '0') << 6 | (at[i + 2] - '0') << 3 | (at[i + 3] - '0'));
            i += 3;
        } else {
            at[out++] = at[i];
        }
    }
    return (struct text){at, out};
}

/* `t` is a piece of `text`, whose bytes may be written. */
static struct text unescape_piece(char *text, struct text t) {
    return unescape(text + (t.at - text), t.len);
}

static bool parse_device(struct text t, uint64_t *ret) {
    struct text major;
    uint64_t a = 0;
    uint64_t b = 0;
    if (!text_cut(&t, ':', &major) || !text_u64(major, &a) || !text_u64(t, &b) || a > UINT32_MAX || b >= UINT32_MAX)
        return false;
    *ret = mount_device(a, b);
    return true;
}

/* "36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/sda1 rw": any number of tags before the dash. */
static bool split_mountinfo(struct text line, struct mount *ret) {
    struct text words[5];
    struct text word;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (!text_word(&line, &words[i]))
            return false;
    if (!parse_device(words[2], &ret->device))
        return false;
    ret->point = words[4];
    do {
        if (!text_word(&line, &word))
            return false;
    } while (!text_is(word, "-"));
    return text_word(&line, &ret->type) && text_word(&line, &ret->source);
}

static bool split_mounts(struct text line, struct mount *ret) {
    ret->device = U64_UNKNOWN;
    return text_word(&line, &ret->source) && text_word(&line, &ret->point) && text_word(&line, &ret->type);
}

static bool same_file_system(const struct mount *a, const struct mount *b) {
    if (text_equal(a->point, b->point))
        return true;
    return known_u64(a->device) && known_u64(b->device)
               ? a->device == b->device
               : text_equal(a->source, b->source) && text_equal(a->type, b->type);
}

/* A later mount on the same path hides the earlier one; a later mount of the same file system counts when it is shorter. */
static size_t keep(struct mount *list, size_t n, const struct mount *m) {
    for (size_t i = 0; i < n; i++) {
        if (!same_file_system(&list[i], m))
            continue;
        if (text_equal(list[i].point, m->point) || m->point.len < list[i].point.len)
            list[i] = *m;
        return n;
    }
    if (n == MOUNTS_MAX)
        return n;
    list[n] = *m;
    return n + 1;
}

size_t mounts_parse(char *text, size_t len, bool old_form, struct mount ret[MOUNTS_MAX]) {
    size_t n = 0;
    struct text rest = {text, len};
    for (struct text line; kernel_line(&rest, &line);) {
        struct mount m;
        if (old_form ? !split_mounts(line, &m) : !split_mountinfo(line, &m))
            continue;
        m.remote = is_remote(m.type);
        if (!holds_data(&m) || m.point.len > MOUNT_PATH_MAX)
            continue;
        m.point = unescape_piece(text, m.point);
        m.source = unescape_piece(text, m.source);
        if (m.point.len == 0 || m.point.at[0] != '/' || memchr(m.point.at, '\0', m.point.len))
            continue;
        n = keep(ret, n, &m);
    }
    return n;
}

bool disk_next(struct text *rest, struct disk *ret) {
    enum {
        READS,
        READS_MERGED,
        SECTORS_READ,
        READ_MS,
        WRITES,
        WRITES_MERGED,
        SECTORS_WRITTEN,
        WRITE_MS,
        IN_FLIGHT,
        IO_MS,
        N
    };
    enum { SECTOR_BYTES = 512 }; /* whatever the device's own block size */
    for (struct text line, major, minor, word; kernel_line(rest, &line);) {
        uint64_t a = 0;
        uint64_t b = 0;
        uint64_t values[N];
        size_t n = 0;
        if (!text_word(&line, &major) || !text_word(&line, &minor) || !text_u64(major, &a) || !text_u64(minor, &b) ||
            a > UINT32_MAX || b >= UINT32_MAX || !text_word(&line, &ret->name))
            continue;
        while (n < N && text_word(&line, &word) && text_u64(word, &values[n]))
            n++;
        if (n < N)
            continue;
        ret->device = mount_device(a, b);
        ret->reads = values[READS];
        ret->writes = values[WRITES];
        ret->io_time_ms = values[IO_MS];
        if (__builtin_mul_overflow(values[SECTORS_READ], SECTOR_BYTES, &ret->read_bytes))
            ret->read_bytes = U64_UNKNOWN;
        if (__builtin_mul_overflow(values[SECTORS_WRITTEN], SECTOR_BYTES, &ret->write_bytes))
            ret->write_bytes = U64_UNKNOWN;
        return true;
    }
    return false;
}
