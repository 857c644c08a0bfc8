/* collect/gpu/join.c: what the clients of graphics devices tell, joined to what the drivers told of their cards. */
#include "collect/gpu/join.h"

static struct gpu *card_at(struct frame *f, struct text address) {
    for (size_t i = 0; i < f->gpus.n; i++)
        if (known_text(f->gpus.at[i].pci_bus_id) && text_equal(f->gpus.at[i].pci_bus_id, address))
            return &f->gpus.at[i];
    return NULL;
}

static void fill(double *to, double from) {
    if (!known_f64(*to))
        *to = from;
}

static void fill_card(struct gpu *to, const struct gpu *from) {
    fill(&to->utilization, from->utilization);
    fill(&to->encoder_utilization, from->encoder_utilization);
    fill(&to->decoder_utilization, from->decoder_utilization);
    fill(&to->jpeg_utilization, from->jpeg_utilization);
}

static struct process *row_of(struct frame *f, size_t n, uint64_t pid, uint64_t device_id) {
    for (size_t i = 0; i < n; i++)
        if (f->processes.at[i].pid == pid && f->processes.at[i].device_id == device_id)
            return &f->processes.at[i];
    return NULL;
}

int gpu_join_clients(struct frame *into, const struct frame *clients, struct error *err) {
    size_t n_driver_rows = into->processes.n; /* clients have one row for each process and device */
    for (size_t i = 0; i < clients->gpus.n; i++) {
        struct gpu *card = card_at(into, clients->gpus.at[i].pci_bus_id);
        if (card)
            fill_card(card, &clients->gpus.at[i]);
    }
    for (size_t i = 0; i < clients->processes.n; i++) {
        const struct process *told = &clients->processes.at[i];
        const struct gpu *card = card_at(into, told->device_uuid);
        if (!card)
            continue;
        struct process *row = row_of(into, n_driver_rows, told->pid, card->index);
        if (!row) {
            row = frame_add(&into->arena, &into->processes.list, &process_table);
            if (!row)
                return error_set(err, ERR_NOMEM, "processes of a frame");
            row->pid = told->pid;
            row->device_id = card->index;
            row->device_uuid = card->uuid;
        }
        if (!known_u64(row->used_memory)) {
            row->used_memory = told->used_memory;
            row->gpu_memory_kind = told->gpu_memory_kind;
        }
        fill(&row->gpu_utilization, told->gpu_utilization);
    }
    return 0;
}
