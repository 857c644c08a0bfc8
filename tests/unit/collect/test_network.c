/* tests/unit/collect/test_network.c: network interfaces and InfiniBand ports out of fixture trees. */
#include "fixture.h"

#include "collect/collectors.h"
#include "collect/infiniband.h"
#include "collect/network_parse.h"

#define HEADINGS                                                                                                       \
    "Inter-|   Receive                                                |  Transmit\n"                                   \
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier " \
    "compressed\n"

static struct error err;

static void lines_are_read(void **state) {
    (void)state;
    struct network n;
    struct text rest =
        TEXT(HEADINGS "    lo:    3267      29    0    0    0     0          0         0     3267      29    "
                      "0    0    0     0       0          0\n"
                      "broken: 1 2 3\n"
                      "eth0:1:5 6 7 8 0 0 0 0 9 10 11 12 0 0 0 0\n"
                      ": 1 2 3 4 5 6 7 8 9 10 11 12\n");
    assert_true(network_next(&rest, &n));
    assert_text(n.name, "lo");
    assert_int_equal(n.rx_bytes, 3267);
    assert_int_equal(n.tx_packets, 29);
    assert_true(network_next(&rest, &n));
    assert_text(n.name, "eth0:1");
    assert_int_equal(n.rx_bytes, 5);
    assert_int_equal(n.rx_packets, 6);
    assert_int_equal(n.rx_errors, 7);
    assert_int_equal(n.rx_drops, 8);
    assert_int_equal(n.tx_bytes, 9);
    assert_int_equal(n.tx_packets, 10);
    assert_int_equal(n.tx_errors, 11);
    assert_int_equal(n.tx_drops, 12);
    assert_false(network_next(&rest, &n));
}

static void rates_of_ports(void **state) {
    (void)state;
    assert_int_equal(infiniband_parse_rate(TEXT("400 Gb/sec (4X NDR)")), 400000);
    assert_int_equal(infiniband_parse_rate(TEXT("2.5 Gb/sec (1X SDR)")), 2500);
    assert_false(known_u64(infiniband_parse_rate(TEXT("fast"))));
    assert_false(known_u64(infiniband_parse_rate(TEXT("-4 Gb/sec"))));
}

static const struct network *find(const struct frame *f, const char *name) {
    for (size_t i = 0; i < f->networks.n; i++)
        if (text_is(f->networks.at[i].name, name))
            return &f->networks.at[i];
    fail_msg("no network %s", name);
    return NULL;
}

static void put_tree(const struct fixture *f) {
    fixture_put(f, "proc/sys/kernel/hostname", "node-07\n");
    fixture_put(f, "proc/net/dev",
        HEADINGS "eth0: 5 6 7 8 0 0 0 0 9 10 11 12 0 0 0 0\nlo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
                 "down0: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\nodd: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n");
    fixture_put(f, "sys/class/net/eth0/type", "1\n");
    fixture_put(f, "sys/class/net/eth0/operstate", "up\n");
    fixture_put(f, "sys/class/net/eth0/speed", "25000\n");
    fixture_put(f, "sys/class/net/lo/type", "772\n");
    fixture_put(f, "sys/class/net/lo/operstate", "unknown\n");
    fixture_put(f, "sys/class/net/lo/flags", "0x9\n");
    fixture_put(f, "sys/class/net/down0/type", "32\n");
    fixture_put(f, "sys/class/net/down0/operstate", "down\n");
    fixture_put(f, "sys/class/net/down0/speed", "-1\n");
    fixture_put(f, "sys/class/infiniband/mlx5_0/ports/1/state", "4: ACTIVE\n");
    fixture_put(f, "sys/class/infiniband/mlx5_0/ports/1/rate", "400 Gb/sec (4X NDR)\n");
    fixture_put(f, "sys/class/infiniband/mlx5_0/ports/1/link_layer", "InfiniBand\n");
    fixture_put(f, "sys/class/infiniband/mlx5_0/ports/1/counters/port_rcv_data", "1000\n");
    fixture_put(f, "sys/class/infiniband/mlx5_0/ports/1/counters/port_xmit_data", "18446744073709551615\n");
}

static void check_networks(const struct frame *frame) {
    assert_int_equal(frame->networks.n, 5);
    assert_text(find(frame, "eth0")->host_id, "node-07");
    assert_text(find(frame, "eth0")->kind, "ethernet");
    assert_int_equal(find(frame, "eth0")->up, YES);
    assert_int_equal(find(frame, "eth0")->speed_mbps, 25000);
    assert_int_equal(find(frame, "eth0")->tx_drops, 12);
    assert_text(find(frame, "lo")->kind, "loopback");
    assert_int_equal(find(frame, "lo")->up, YES);
    assert_false(known_u64(find(frame, "lo")->speed_mbps));
    assert_text(find(frame, "down0")->kind, "infiniband");
    assert_int_equal(find(frame, "down0")->up, NO);
    assert_false(known_u64(find(frame, "down0")->speed_mbps));
    assert_false(known_text(find(frame, "odd")->kind));
    assert_int_equal(find(frame, "odd")->up, UNKNOWN);
    const struct network *ib = find(frame, "mlx5_0:1");
    assert_text(ib->kind, "infiniband");
    assert_int_equal(ib->up, YES);
    assert_int_equal(ib->speed_mbps, 400000);
    assert_int_equal(ib->rx_bytes, 4000);
    assert_false(known_u64(ib->tx_bytes) || known_u64(ib->rx_packets));
}

static void a_tree_of_interfaces(void **state) {
    (void)state;
    struct fixture f = {.root = ""};
    struct collect *c = NULL;
    struct frame frame;
    const struct collector *const list[] = {&network_collector, NULL};
    fixture_init(&f);
    put_tree(&f);
    struct collect_options options = fixture_options(&f, 1U << SECTION_NETWORK);
    frame_init(&frame);
    assert_ok(collect_open(list, &options, &c, &err), err);
    assert_ok(collect_sample(c, &frame, &err), err);
    assert_int_equal(frame.errors.n, 0);
    check_networks(&frame);

    /* A state that changes is seen within the turn of every interface. */
    fixture_put(&f, "sys/class/net/eth0/operstate", "down\n");
    for (int i = 0; i < 10; i++)
        assert_ok(collect_sample(c, &frame, &err), err);
    assert_int_equal(find(&frame, "eth0")->up, NO);
    assert_int_equal(collect_close(c), 0);
    frame_done(&frame);
    fixture_done(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_read),
        cmocka_unit_test(rates_of_ports),
        cmocka_unit_test(a_tree_of_interfaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
