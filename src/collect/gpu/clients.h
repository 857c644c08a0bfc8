/* collect/gpu/clients.h: who has a graphics device open and what it does there, as DRM's fdinfo tells for every process. */
#ifndef TACHO_COLLECT_GPU_CLIENTS_H
#define TACHO_COLLECT_GPU_CLIENTS_H

#include "collect/collector.h"

struct gpu_clients; /* opaque; one owner thread */

enum { CLIENT_FILES_MAX = 256 }; /* fdinfo files that are kept open; those of further clients are opened for each sample */

/* Looks for processes with a device of DRM open every CLIENTS_SCAN_NS, keeps their fdinfo files, reads these at every sample.
 * -ERR_ABSENT without procfs or any device of DRM below sysfs, -ERR_NOMEM, -ERR_OS. */
int gpu_clients_create(const struct collect_options *options, struct gpu_clients **ret, struct error *err) NODISCARD;
void gpu_clients_destroy(struct gpu_clients *c); /* NULL is fine */

/* Adds to into->processes a row for each process and device: pid, used_memory and gpu_memory_kind ("vram": resident in memory
 * of the device's own; "system": in the machine's, for devices without such memory), and gpu_utilization (the busiest class of
 * its engines). Adds to into->gpus an item for each device with the shares of time that its engines were busy (utilization, of
 * the busiest class; encoder_utilization, decoder_utilization, jpeg_utilization), as far as its clients tell: a floor, since
 * what others do is not seen without permission. So 0 is said only where every process was seen. Work that amdgpu does for KFD
 * (ROCm) is not counted by its clients: of amdgpu, 0 is never said.
 * The device is named by what sysfs calls it ("0000:03:00.0", "fde60000.gpu"): in device_uuid of the rows, in pci_bus_id of
 * the items. Shares need two samples. Clients of a device that is handed on through fork or a socket count once, for the process
 * with the lowest id. NVIDIA's own driver tells nothing here: its devices are left out. May block. */
int gpu_clients_sample(struct gpu_clients *c, const struct cycle *cycle, struct frame *into, struct error *err) NODISCARD;

#define CLIENTS_SCAN_NS (INT64_C(10) * 1000000000)

#endif
