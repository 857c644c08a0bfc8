/* collect/process/workload.c: recognises units, containers and jobs in the path of a control group. */
#include "collect/process/workload.h"

enum { CONTAINER_ID_LEN = 64, POD_UID_LEN = 36 };

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* The id that ends a part: "<id>", "docker-<id>.scope", "cri-containerd-<id>.scope", "libpod-<id>" … */
static struct text container_of(struct text part) {
    struct text none = {NULL, 0};
    if (text_starts(part, "lxc.payload."))
        return (struct text){part.at + 12, part.len - 12};
    /* The monitor beside each container bears its id, but is not in it. */
    if (memmem(part.at, part.len, "conmon-", 7))
        return none;
    if (text_ends(part, ".scope"))
        part.len -= 6;
    if (part.len < CONTAINER_ID_LEN)
        return none;
    struct text id = {part.at + part.len - CONTAINER_ID_LEN, CONTAINER_ID_LEN};
    for (size_t i = 0; i < id.len; i++)
        if (!is_hex(id.at[i]))
            return none;
    return part.len == CONTAINER_ID_LEN || id.at[-1] == '-' ? id : none;
}

/* "pod<uid>" or "kubepods-burstable-pod<uid with underscores>.slice". */
static bool pod_of(struct text part, char job[WORKLOAD_JOB_MAX]) {
    if (text_ends(part, ".slice"))
        part.len -= 6;
    if (part.len < POD_UID_LEN + 3 || memcmp(part.at + part.len - POD_UID_LEN - 3, "pod", 3) != 0)
        return false;
    const char *uid = part.at + part.len - POD_UID_LEN;
    for (size_t i = 0; i < POD_UID_LEN; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? uid[i] != '-' && uid[i] != '_' : !is_hex(uid[i]))
            return false;
    }
    for (size_t i = 0; i < POD_UID_LEN; i++)
        job[i] = uid[i] == '_' ? '-' : uid[i];
    job[POD_UID_LEN] = '\0';
    return true;
}

/* Slurm 26.05 names the job's folder after its SLUID: "s" and 13 digits of Crockford's base 32; the number is not in it. */
static bool is_sluid(struct text part) {
    enum { SLUID_LEN = 14 };
    if (part.len != SLUID_LEN || part.at[0] != 's')
        return false;
    for (size_t i = 1; i < part.len; i++)
        if (!memchr("0123456789ABCDEFGHJKMNPQRSTVWXYZ", part.at[i], 32))
            return false;
    return true;
}

static bool slurm_job_of(struct text part, char job[WORKLOAD_JOB_MAX]) {
    if (is_sluid(part)) {
        memcpy(job, part.at, part.len);
        job[part.len] = '\0';
        return true;
    }
    if (!text_starts(part, "job_") || part.len == 4 || part.len - 4 > 20)
        return false;
    for (size_t i = 4; i < part.len; i++)
        if (part.at[i] < '0' || part.at[i] > '9')
            return false;
    memcpy(job, part.at + 4, part.len - 4);
    job[part.len - 4] = '\0';
    return true;
}

struct workload workload_of_cgroup(struct text path) {
    struct workload w = {.job = ""};
    struct text scope = {NULL, 0};
    bool slurm = false;
    bool kubernetes = false;
    bool lxc = false;
    for (struct text part; text_cut(&path, '/', &part);) {
        if (part.len == 0)
            continue;
        struct text container = lxc ? part : container_of(part);
        if (container.at)
            w.container = container;
        if (text_ends(part, ".service"))
            w.unit = part;
        else if (text_ends(part, ".scope"))
            scope = part;
        slurm = slurm || text_starts(part, "slurm") || text_ends(part, "_slurmstepd.scope"); /* NODE_: several in one */
        kubernetes = kubernetes || text_starts(part, "kubepods");
        lxc = text_is(part, "lxc");
        if (kubernetes)
            (void)pod_of(part, w.job);
        if (slurm && w.job[0] == '\0')
            (void)slurm_job_of(part, w.job);
    }
    if (!w.unit.at)
        w.unit = scope;
    return w;
}
