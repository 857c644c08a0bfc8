/* collect/network_parse.c: parses /proc/net/dev. */
#include "collect/network_parse.h"

#include "collect/kernel_file.h"

bool network_next(struct text *rest, struct network *ret) {
    enum { RX_BYTES, RX_PACKETS, RX_ERRORS, RX_DROPS, TX_BYTES = 8, TX_PACKETS, TX_ERRORS, TX_DROPS, N };
    for (struct text line, name, word; kernel_line(rest, &line);) {
        uint64_t values[N];
        size_t n = 0;
        /* The two lines of headings have bars and no colon. Old alias names hold a colon themselves: the last one counts. */
        const char *colon = line.len ? memrchr(line.at, ':', line.len) : NULL;
        if (!colon)
            continue;
        name = text_trim((struct text){line.at, (size_t)(colon - line.at)});
        line = (struct text){colon + 1, line.len - (size_t)(colon + 1 - line.at)};
        while (n < N && text_word(&line, &word) && text_u64(word, &values[n]))
            n++;
        if (n < N || name.len == 0)
            continue;
        ret->name = name;
        ret->rx_bytes = values[RX_BYTES];
        ret->rx_packets = values[RX_PACKETS];
        ret->rx_errors = values[RX_ERRORS];
        ret->rx_drops = values[RX_DROPS];
        ret->tx_bytes = values[TX_BYTES];
        ret->tx_packets = values[TX_PACKETS];
        ret->tx_errors = values[TX_ERRORS];
        ret->tx_drops = values[TX_DROPS];
        return true;
    }
    return false;
}
