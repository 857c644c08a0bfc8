/* tests/unit/collect/test_gpu_pci.c: who a card is and where it sits, out of fixture trees. */
#include "fixture.h"

#include "collect/gpu/nodes.h"
#include "collect/kernel_file.h"

static struct error err;

#define IDS                                                                                                            \
    "# comment\n\n1002  Advanced Micro Devices, Inc. [AMD/ATI]\n\t56a5  Another maker's\n"                             \
    "8086  Intel Corporation\n\t9b41  CometLake-U GT2 [UHD Graphics]\n\t\t17aa 22b1  ThinkPad\n"                       \
    "\t56a5  DG2 [Arc A380]\n\t0001  Plain name\n\t0002  [Only brackets]\n\t0003  Open [bracket\n"                     \
    "ffff  Illegal Vendor ID\n\t1234  Not Intel's\nC 03  Display controller\n\t00  VGA compatible controller\n"

static void ids_are_found(void **state) {
    (void)state;
    struct text ids = TEXT(IDS);
    assert_text(pci_ids_find(ids, 0x8086, 0x56a5), "DG2 [Arc A380]");
    assert_text(pci_ids_find(ids, 0x1002, 0x56a5), "Another maker's");
    assert_false(known_text(pci_ids_find(ids, 0x8086, 0x1234)));
    assert_false(known_text(pci_ids_find(ids, 0x8086, 0x17aa)));
    assert_false(known_text(pci_ids_find(ids, 0x10de, 0x56a5)));
    assert_false(known_text(pci_ids_find(ids, U64_UNKNOWN, 0)));
    assert_false(known_text(pci_ids_find((struct text){NULL, 0}, 0x8086, 0x56a5)));
}

static void generations_of_links(void **state) {
    (void)state;
    assert_int_equal(pci_parse_generation(TEXT("2.5 GT/s PCIe")), 1);
    assert_int_equal(pci_parse_generation(TEXT("5 GT/s")), 2);
    assert_int_equal(pci_parse_generation(TEXT("16.0 GT/s PCIe")), 4);
    assert_int_equal(pci_parse_generation(TEXT("64.0 GT/s PCIe")), 6);
    assert_false(known_u64(pci_parse_generation(TEXT("Unknown"))));
    assert_false(known_u64(pci_parse_generation(TEXT("Unknown speed"))));
    assert_false(known_u64(pci_parse_generation(TEXT("-16 GT/s"))));
    assert_false(known_u64(pci_parse_generation(TEXT("1e300 GT/s"))));
    assert_false(known_u64(pci_parse_generation(TEXT(""))));
}

static void put_link(const struct fixture *f, const char *target, const char *name) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", f->root, name);
    assert_int_equal(symlink(target, path), 0);
}

static void put_nodes(const struct fixture *f) {
    fixture_put(f, "sys/class/drm/card10/device/uevent", "DRIVER=xe\nPCI_ID=8086:E20B\nPCI_SLOT_NAME=0000:0a:00.0\n");
    fixture_put(f, "sys/class/drm/card10/dev", "226:10\n");
    fixture_put(f, "sys/class/drm/card2/device/uevent", "DRIVER=a/b\nPCI_ID=8086\nPCI_SLOT_NAME=\n");
    fixture_put(f, "sys/class/drm/card2/dev", "29:2\n");
    fixture_put(f, "sys/class/drm/card10-DP-1/dev", "226:77\n");
    fixture_put(f, "sys/class/drm/version", "drm 1.1.0\n");
    fixture_put(f, "sys/class/drm/card/dev", "226:78\n");
    fixture_put(f, "sys/class/drm/card00000000000000000000000000000000001/dev", "226:79\n");
    fixture_put(f, "sys/class/drm/renderD128/dev", "226:128\n");
    fixture_put(f, "sys/devices/soc/fde60000.gpu/uevent", "OF_NAME=gpu\n");
    fixture_put(f, "sys/bus/drivers/panfrost/uevent", "");
    put_link(f, "../../../devices/soc/fde60000.gpu", "sys/class/drm/renderD128/device");
    put_link(f, "../../../bus/drivers/panfrost", "sys/devices/soc/fde60000.gpu/driver");
}

static void nodes_are_listed(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    struct drm_node nodes[DRM_NODES_MAX];
    int sys_fd = -1;
    fixture_init(&f);
    assert_ok(kernel_dir_open(f.sys, &sys_fd, &err), err);
    assert_int_equal(drm_nodes_list(sys_fd, nodes, DRM_NODES_MAX), 0);
    put_nodes(&f);
    assert_int_equal(drm_nodes_list(sys_fd, nodes, DRM_NODES_MAX), 3);
    assert_string_equal(nodes[0].name, "card2");
    assert_string_equal(nodes[0].device.name, "card2"); /* no better one */
    assert_string_equal(nodes[0].device.driver, "");
    assert_false(known_u64(nodes[0].minor) || known_u64(nodes[0].device.vendor_id));
    assert_string_equal(nodes[1].name, "card10");
    assert_string_equal(nodes[1].device.name, "0000:0a:00.0");
    assert_string_equal(nodes[1].device.driver, "xe");
    assert_int_equal(nodes[1].minor, 10);
    assert_int_equal(nodes[1].device.vendor_id, 0x8086);
    assert_int_equal(nodes[1].device.device_id, 0xe20b);
    assert_string_equal(nodes[2].name, "renderD128");
    assert_string_equal(nodes[2].device.name, "fde60000.gpu");
    assert_string_equal(nodes[2].device.driver, "panfrost");
    assert_int_equal(nodes[2].minor, 128);
    assert_ptr_equal(drm_nodes_card(nodes, 3, "0000:0a:00.0"), &nodes[1]);
    assert_null(drm_nodes_card(nodes, 3, "fde60000.gpu"));
    assert_int_equal(drm_nodes_list(sys_fd, nodes, 1), 1);
    file_close(&sys_fd);
    fixture_done(&f);
}

static struct pci_product product_of(const struct fixture *f, uint64_t device_id) {
    struct pci_device device = {.vendor_id = 0x8086, .device_id = device_id};
    struct pci_product product;
    pci_product_read(f->rootfs, &device, &product);
    return product;
}

static void products_are_named(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    fixture_init(&f);
    assert_string_equal(product_of(&f, 0x56a5).name, "");
    fixture_put(&f, "rootfs/usr/share/misc/pci.ids", IDS);
    assert_string_equal(product_of(&f, 0x56a5).name, "Arc A380");
    assert_string_equal(product_of(&f, 0x56a5).family, "DG2");
    assert_string_equal(product_of(&f, 1).name, "Plain name");
    assert_string_equal(product_of(&f, 1).family, "");
    assert_string_equal(product_of(&f, 2).name, "Only brackets");
    assert_string_equal(product_of(&f, 3).name, "Open [bracket");
    assert_string_equal(product_of(&f, 4).name, "");
    assert_string_equal(product_of(&f, U64_UNKNOWN).name, "");
    fixture_drop(&f, "rootfs/usr/share/misc/pci.ids");
    fixture_put(&f, "rootfs/usr/share/misc/pci.ids/file", "a directory in its place");
    assert_string_equal(product_of(&f, 0x56a5).name, "");
    fixture_done(&f);
}

static void links_and_places(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    int card = -1;
    fixture_init(&f);
    fixture_put(&f, "sys/class/drm/card0/device/current_link_speed", "8.0 GT/s PCIe\n");
    fixture_put(&f, "sys/class/drm/card0/device/current_link_width", "16\n");
    fixture_put(&f, "sys/class/drm/card0/device/numa_node", "1\n");
    fixture_put(&f, "sys/class/drm/card0/device/power/runtime_status", "suspended\n");
    assert_ok(kernel_dir_open_at(AT_FDCWD, f.sys, &card, &err), err);
    int node = -1;
    assert_ok(drm_node_open(card, "card0", &node, &err), err);
    struct pci_link link = pci_link_read(node, "device");
    assert_int_equal(link.generation, 3);
    assert_int_equal(link.width, 16);
    assert_int_equal(pci_numa_node(node), 1);
    assert_true(pci_is_suspended(node));

    fixture_put(&f, "sys/class/drm/card0/device/current_link_speed", "Unknown\n");
    fixture_put(&f, "sys/class/drm/card0/device/current_link_width", "0\n");
    fixture_put(&f, "sys/class/drm/card0/device/numa_node", "-1\n");
    fixture_put(&f, "sys/class/drm/card0/device/power/runtime_status", "active\n");
    link = pci_link_read(node, "device");
    assert_false(known_u64(link.generation) || known_u64(link.width));
    assert_false(known_i64(pci_numa_node(node)));
    assert_false(pci_is_suspended(node));
    fixture_drop(&f, "sys/class/drm/card0/device");
    assert_false(known_u64(pci_link_read(node, "device").width) || pci_is_suspended(node));
    file_close(&node);
    assert_int_equal(drm_node_open(card, "card1", &node, &err), -ERR_ABSENT);
    file_close(&card);
    fixture_done(&f);
}

static void identities_are_made(void **state) {
    (void)state;
    struct arena arena = {.newest = NULL};
    assert_text(pci_make_uuid(&arena, TEXT("node-07"), "0000:03:00.0"), "GPU-node-07-0000:03:00.0");
    arena_done(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_found),
        cmocka_unit_test(generations_of_links),
        cmocka_unit_test(nodes_are_listed),
        cmocka_unit_test(products_are_named),
        cmocka_unit_test(links_and_places),
        cmocka_unit_test(identities_are_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
