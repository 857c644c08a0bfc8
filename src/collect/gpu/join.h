/* collect/gpu/join.h: what the clients of graphics devices tell, joined to what the drivers told of their cards. */
#ifndef TACHO_COLLECT_GPU_JOIN_H
#define TACHO_COLLECT_GPU_JOIN_H

#include "frame/frame.h"

/* `clients` names devices by their address, as gpu_clients_sample does; its texts must live as long as the arena of `into`. What a
 * driver told goes before what clients tell. Devices without a card in `into` are left out. -ERR_NOMEM. Pure. */
int gpu_join_clients(struct frame *into, const struct frame *clients, struct error *err) NODISCARD;

#endif
