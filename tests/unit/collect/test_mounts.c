/* tests/unit/collect/test_mounts.c: which mounts are file systems that people think of, and their devices. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "collect/mounts.h"
#include "frame/model.h"

static struct mount mounts[MOUNTS_MAX];
static char *text;

static size_t parse(const char *lines, bool old_form) {
    free(text);
    text = strdup(lines);
    assert_non_null(text);
    return mounts_parse(text, strlen(text), old_form, mounts);
}

static void real_ones_are_kept(void **state) {
    (void)state;
    size_t n = parse("22 27 0:21 / /proc rw,relatime - proc proc rw\n"
                     "24 27 0:6 / /dev rw - devtmpfs /dev/devtmpfs rw\n"
                     "25 24 0:23 / /dev/shm rw - tmpfs tmpfs rw\n"
                     "27 1 254:0 / / rw,relatime shared:1 master:7 - ext4 /dev/vda rw,discard\n"
                     "28 27 7:1 / /snap/core/1 ro - squashfs /dev/loop1 ro\n"
                     "29 27 0:51 / /mnt/models rw - nfs4 filer:/models rw,vers=4.2\n"
                     "30 27 0:60 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n"
                     "31 27 0:61 / /tank rw - zfs tank rw\n"
                     "32 27 0:62 / /run/user/0/gvfs rw - fuse.gvfsd-fuse gvfsd-fuse rw\n"
                     "33 27 253:3 / /home rw - xfs /dev/mapper/vg-home rw\n"
                     "34 27 0:63 / /ckpt rw - lustre 10.0.0.1@tcp:/fs rw\n",
        false);
    assert_int_equal(n, 5);
    assert_text(mounts[0].point, "/");
    assert_text(mounts[0].source, "/dev/vda");
    assert_text(mounts[0].type, "ext4");
    assert_int_equal(mounts[0].device, mount_device(254, 0));
    assert_false(mounts[0].remote);
    assert_text(mounts[1].point, "/mnt/models");
    assert_true(mounts[1].remote);
    assert_text(mounts[2].source, "tank");
    assert_text(mounts[3].source, "/dev/mapper/vg-home");
    assert_text(mounts[4].type, "lustre");
    assert_true(mounts[4].remote);
}

static void container_root_and_binds(void **state) {
    (void)state;
    size_t n = parse("1 0 0:99 / / rw - overlay overlay rw\n"
                     "2 1 254:1 /docker/x/hosts /etc/hosts rw - ext4 /dev/vda1 rw\n"
                     "3 1 254:1 /data /data rw - ext4 /dev/vda1 rw\n"
                     "4 1 254:1 /docker/x/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda1 rw\n",
        false);
    assert_int_equal(n, 2);
    assert_text(mounts[0].type, "overlay");
    assert_text(mounts[1].point, "/data"); /* the shortest of one file system's mounts */
}

static void a_later_mount_hides(void **state) {
    (void)state;
    size_t n = parse("1 0 8:1 / /mnt rw - ext4 /dev/sda1 rw\n2 1 8:2 / /mnt rw - xfs /dev/sdb1 rw\n", false);
    assert_int_equal(n, 1);
    assert_text(mounts[0].source, "/dev/sdb1");
}

static void escapes_are_undone(void **state) {
    (void)state;
    assert_int_equal(parse("1 0 8:1 / /mnt/a\\040b\\134c\\011d rw - ext4 /dev/sda1 rw\n", false), 1);
    assert_text(mounts[0].point, "/mnt/a b\\c\td");
    assert_int_equal(parse("1 0 8:1 / /mnt/end\\04 rw - ext4 /dev/sda1 rw\n", false), 1);
    assert_text(mounts[0].point, "/mnt/end\\04");
    assert_int_equal(parse("1 0 8:1 / /nul\\000x rw - ext4 /dev/sda1 rw\n", false), 0);
}

static void the_older_table(void **state) {
    (void)state;
    size_t n = parse("rootfs / rootfs rw 0 0\n/dev/sda2 / ext4 rw,relatime 0 0\nproc /proc proc rw 0 0\n"
                     "/dev/sda2 /var/bind ext4 rw 0 0\nfiler:/x /x nfs rw 0 0\n",
        true);
    assert_int_equal(n, 2);
    assert_text(mounts[0].point, "/");
    assert_false(known_u64(mounts[0].device));
    assert_text(mounts[1].source, "filer:/x");
}

static void rubbish_gives_nothing(void **state) {
    (void)state;
    assert_int_equal(parse("", false), 0);
    assert_int_equal(
        parse("\n\n 1 2\n1 0 8:1 / /mnt rw ext4 /dev/sda1\n1 0 x:1 / /a rw - ext4 /dev/sda1 rw\n", false), 0);
    assert_int_equal(parse("1 0 8:1 / relative rw - ext4 /dev/sda1 rw\n", false), 0);
}

static void more_than_fit(void **state) {
    (void)state;
    char *many = malloc(100 * 3000);
    assert_non_null(many);
    size_t len = 0;
    for (int i = 0; i < 3000; i++)
        len += (size_t)snprintf(many + len, 100, "1 0 8:%d / /m%d rw - ext4 /dev/x%d rw\n", i, i, i);
    assert_int_equal(mounts_parse(many, len, false, mounts), MOUNTS_MAX);
    free(many);
}

static void disks(void **state) {
    (void)state;
    struct disk d;
    struct text rest =
        TEXT(" 254       0 vda 29009 8029 2406802 6642 3042 8104 232688 964 0 3460 7854 3971 21 106888 229 396 18\n"
             "   8 1 sda1 1 2 3 4\n"
             "junk\n"
             " 253 3 dm-3 5 0 8 1 6 0 18446744073709551615 1 0 42 9\n");
    assert_true(disk_next(&rest, &d));
    assert_text(d.name, "vda");
    assert_int_equal(d.device, mount_device(254, 0));
    assert_int_equal(d.reads, 29009);
    assert_int_equal(d.read_bytes, UINT64_C(2406802) * 512);
    assert_int_equal(d.writes, 3042);
    assert_int_equal(d.write_bytes, UINT64_C(232688) * 512);
    assert_int_equal(d.io_time_ms, 3460);
    assert_true(disk_next(&rest, &d));
    assert_text(d.name, "dm-3");
    assert_false(known_u64(d.write_bytes));
    assert_int_equal(d.io_time_ms, 42);
    assert_false(disk_next(&rest, &d));
}

static int tear_down(void **state) {
    (void)state;
    free(text);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_ones_are_kept),
        cmocka_unit_test(container_root_and_binds),
        cmocka_unit_test(a_later_mount_hides),
        cmocka_unit_test(escapes_are_undone),
        cmocka_unit_test(the_older_table),
        cmocka_unit_test(rubbish_gives_nothing),
        cmocka_unit_test(more_than_fit),
        cmocka_unit_test(disks),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
