/* collect/process/bpf_program.c: assembles the program that the kernel runs over every task. */
#include "collect/process/bpf_program.h"

#include <string.h>

enum {
    HELPER_READ_KERNEL = 113, /* bpf_probe_read_kernel */
    HELPER_SEQ_WRITE = 127,   /* bpf_seq_write */
    RSS_KINDS = 3,
    TASK_COMM_BYTES = 16,
};
_Static_assert(sizeof(struct task_record) == 112, "the record's layout is that of the program");

/* r6: where to write to · r7: the task · r8: its signals · r9: its memory · r10: the stack, whose top is the record */
enum { SEQ = BPF_REG_6, TASK = BPF_REG_7, SIGNAL = BPF_REG_8, MM = BPF_REG_9, STACK = BPF_REG_10 };
#define RECORD(member) ((int16_t)((int)offsetof(struct task_record, member) - (int)sizeof(struct task_record)))

void bpf_program_wanted(struct btf_wanted wanted[KERNEL_MEMBERS]) {
    static const struct btf_wanted table[KERNEL_MEMBERS] = {
        [ITER_TASK] = {.type = "bpf_iter_task"},
        [META_SEQ] = {.type = "bpf_iter_meta", .member = "seq"},
        [TASK_PID] = {.type = "task_struct", .member = "pid"},
        [TASK_TGID] = {.type = "task_struct", .member = "tgid"},
        [TASK_LEADER] = {.type = "task_struct", .member = "group_leader"},
        [TASK_THREAD_PID] = {.type = "task_struct", .member = "thread_pid"},
        [TASK_PARENT] = {.type = "task_struct", .member = "real_parent"},
        [TASK_FLAGS] = {.type = "task_struct", .member = "flags"},
        [TASK_STATE] = {.type = "task_struct", .member = "__state"}, /* since 5.14 */
        [TASK_STATE_OLD] = {.type = "task_struct", .member = "state"},
        [TASK_EXIT_STATE] = {.type = "task_struct", .member = "exit_state"},
        [TASK_ON_CPU] = {.type = "task_struct", .member = "on_cpu"},
        [TASK_PRIO] = {.type = "task_struct", .member = "prio"},
        [TASK_STATIC_PRIO] = {.type = "task_struct", .member = "static_prio"},
        [TASK_COMM] = {.type = "task_struct", .member = "comm"},
        [TASK_START] = {.type = "task_struct", .member = "start_boottime"}, /* since 5.5 */
        [TASK_START_OLD] = {.type = "task_struct", .member = "real_start_time"},
        [TASK_SIGNAL] = {.type = "task_struct", .member = "signal"},
        [TASK_MM] = {.type = "task_struct", .member = "mm"},
        [TASK_SE] = {.type = "task_struct", .member = "se"},
        [SE_RUNTIME] = {.type = "sched_entity", .member = "sum_exec_runtime"},
        [SIGNAL_RUNTIME] = {.type = "signal_struct", .member = "sum_sched_runtime"},
        [SIGNAL_THREADS] = {.type = "signal_struct", .member = "nr_threads"},
        [TASK_IO] = {.type = "task_struct", .member = "ioac"},
        [SIGNAL_IO] = {.type = "signal_struct", .member = "ioac"},
        [IO_READ] = {.type = "task_io_accounting", .member = "read_bytes"},
        [IO_WRITE] = {.type = "task_io_accounting", .member = "write_bytes"},
        [MM_TOTAL_VM] = {.type = "mm_struct", .member = "total_vm"},
        [MM_RSS] = {.type = "mm_struct", .member = "rss_stat"},
        [OLD_RSS_COUNT] = {.type = "mm_rss_stat",
            .member = "count"}, /* before 6.2; a percpu_counter for each kind since */
        [COUNTER_SIZE] = {.type = "percpu_counter", .size = true},
        [COUNTER_COUNT] = {.type = "percpu_counter", .member = "count"},
        [PID_LEVEL] = {.type = "pid", .member = "level"},
        [PID_NUMBERS] = {.type = "pid", .member = "numbers"},
        [UPID_SIZE] = {.type = "upid", .size = true},
        [UPID_NR] = {.type = "upid", .member = "nr"},
    };
    memcpy(wanted, table, sizeof table);
}

struct writer {
    struct bpf_program *to;
    const struct btf_wanted *members;
    const char *missing; /* the first member that the kernel lacks */
};

static void emit(struct writer *w, unsigned code, unsigned dst, unsigned src, int off, int imm) {
    if (w->to->n == COUNT_OF(w->to->code))
        return; /* noticed at the end */
    w->to->code[w->to->n++] = (struct bpf_insn){.code = (uint8_t)code,
        .dst_reg = (uint8_t)(dst & 15),
        .src_reg = (uint8_t)(src & 15),
        .off = (int16_t)off,
        .imm = imm};
}

static void load(struct writer *w, unsigned size, unsigned dst, unsigned base, int off) {
    emit(w, BPF_LDX | BPF_MEM | size, dst, base, off, 0);
}
static void store(struct writer *w, unsigned size, int record_off, unsigned src) {
    emit(w, BPF_STX | BPF_MEM | size, STACK, src, record_off, 0);
}
static void add(struct writer *w, unsigned dst, unsigned src) {
    emit(w, BPF_ALU64 | BPF_ADD | BPF_X, dst, src, 0, 0);
}
static void add_imm(struct writer *w, unsigned dst, int imm) {
    emit(w, BPF_ALU64 | BPF_ADD, dst, 0, 0, imm);
}
static void move(struct writer *w, unsigned dst, unsigned src) {
    emit(w, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}
static void move_imm(struct writer *w, unsigned dst, int imm) {
    emit(w, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}
static void call(struct writer *w, int helper) {
    emit(w, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}
/* Jumps are aimed once it is known where to. */
static size_t jump_if(struct writer *w, unsigned test, unsigned dst, int imm) {
    emit(w, BPF_JMP | test | BPF_K, dst, 0, 0, imm);
    return w->to->n - 1;
}
static void land(struct writer *w, size_t jump) {
    w->to->code[jump].off = (int16_t)(w->to->n - jump - 1);
}

static bool has(const struct writer *w, enum kernel_member m) {
    return w->members[m].found <= INT16_MAX;
}

/* Where a member is, `more` bytes further on. */
static int at(struct writer *w, enum kernel_member m, uint32_t more) {
    if (has(w, m) && w->members[m].found + more <= INT16_MAX)
        return (int)(w->members[m].found + more);
    if (!w->missing)
        w->missing = w->members[m].member ? w->members[m].member : w->members[m].type;
    return 0;
}
static int inside(struct writer *w, enum kernel_member outer, enum kernel_member inner) {
    return at(w, outer, (uint32_t)at(w, inner, 0));
}

static void copy_u32(struct writer *w, int record_off, unsigned base, int off) {
    load(w, BPF_W, BPF_REG_1, base, off);
    store(w, BPF_W, record_off, BPF_REG_1);
}
static void copy_u64(struct writer *w, int record_off, unsigned base, int off) {
    load(w, BPF_DW, BPF_REG_1, base, off);
    store(w, BPF_DW, record_off, BPF_REG_1);
}
static void add_u64(struct writer *w, int record_off, unsigned base, int off) {
    load(w, BPF_DW, BPF_REG_1, base, off);
    load(w, BPF_DW, BPF_REG_2, STACK, record_off);
    add(w, BPF_REG_2, BPF_REG_1);
    store(w, BPF_DW, record_off, BPF_REG_2);
}

/* The number of the task in `base` (which may be r1) as our namespace has it; 0 when it is outside of it. */
static void copy_number(struct writer *w, int record_off, unsigned base, unsigned level) {
    int number = at(w, PID_NUMBERS, level * (uint32_t)at(w, UPID_SIZE, 0) + (uint32_t)at(w, UPID_NR, 0));
    move_imm(w, BPF_REG_3, 0);
    load(w, BPF_DW, BPF_REG_1, base, at(w, TASK_THREAD_PID, 0));
    load(w, BPF_W, BPF_REG_2, BPF_REG_1, at(w, PID_LEVEL, 0));
    size_t outside = jump_if(w, BPF_JLT, BPF_REG_2, (int)level);
    load(w, BPF_W, BPF_REG_3, BPF_REG_1, number);
    land(w, outside);
    store(w, BPF_W, record_off, BPF_REG_3);
}

static void write_numbers(struct writer *w, unsigned level) {
    if (level == 0) {
        copy_u32(w, RECORD(pid), TASK, at(w, TASK_PID, 0));
        copy_u32(w, RECORD(tgid), TASK, at(w, TASK_TGID, 0));
        return;
    }
    copy_number(w, RECORD(pid), TASK, level);
    load(w, BPF_DW, BPF_REG_1, TASK, at(w, TASK_LEADER, 0));
    copy_number(w, RECORD(tgid), BPF_REG_1, level);
}

static void write_parent(struct writer *w, unsigned level) {
    load(w, BPF_DW, BPF_REG_1, TASK, at(w, TASK_PARENT, 0));
    if (level == 0) {
        copy_u32(w, RECORD(ppid), BPF_REG_1, at(w, TASK_TGID, 0));
        return;
    }
    load(w, BPF_DW, BPF_REG_1, BPF_REG_1, at(w, TASK_LEADER, 0));
    copy_number(w, RECORD(ppid), BPF_REG_1, level);
}

static void write_task(struct writer *w) {
    copy_u32(w, RECORD(on_cpu), TASK, at(w, TASK_ON_CPU, 0));
    load(w, BPF_DW, BPF_REG_1, TASK, at(w, TASK_THREAD_PID, 0));
    copy_u32(w, RECORD(level), BPF_REG_1, at(w, PID_LEVEL, 0));
    copy_u64(w, RECORD(runtime_ns), TASK, inside(w, TASK_SE, SE_RUNTIME));
    if (w->to->has_io) {
        copy_u64(w, RECORD(read_bytes), TASK, inside(w, TASK_IO, IO_READ));
        copy_u64(w, RECORD(write_bytes), TASK, inside(w, TASK_IO, IO_WRITE));
    }
}

/* What a process without memory of its own has: reading through the null pointer gives 0. */
static void write_memory(struct writer *w) {
    load(w, BPF_DW, MM, TASK, at(w, TASK_MM, 0));
    copy_u64(w, RECORD(vm_pages), MM, at(w, MM_TOTAL_VM, 0));
    for (uint32_t i = 0; i < RSS_KINDS; i++) { /* of files, anonymous, shared; what is swapped out has number 2 */
        uint32_t kind = i < 2 ? i : 3;
        int off = has(w, OLD_RSS_COUNT)
                      ? at(w, MM_RSS, (uint32_t)at(w, OLD_RSS_COUNT, kind * (uint32_t)sizeof(uint64_t)))
                      : at(w, MM_RSS, (uint32_t)at(w, COUNTER_COUNT, kind * (uint32_t)at(w, COUNTER_SIZE, 0)));
        add_u64(w, RECORD(rss_pages), MM, off);
    }
}

static void write_process(struct writer *w, unsigned level) {
    load(w, BPF_DW, SIGNAL, TASK, at(w, TASK_SIGNAL, 0));
    add_u64(w, RECORD(runtime_ns), SIGNAL, at(w, SIGNAL_RUNTIME, 0));
    if (w->to->has_io) {
        add_u64(w, RECORD(read_bytes), SIGNAL, inside(w, SIGNAL_IO, IO_READ));
        add_u64(w, RECORD(write_bytes), SIGNAL, inside(w, SIGNAL_IO, IO_WRITE));
    }
    copy_u32(w, RECORD(threads), SIGNAL, at(w, SIGNAL_THREADS, 0));
    copy_u64(w, RECORD(start_ns), TASK, at(w, has(w, TASK_START) ? TASK_START : TASK_START_OLD, 0));
    write_memory(w);
    copy_u32(w, RECORD(flags), TASK, at(w, TASK_FLAGS, 0));
    load(w, has(w, TASK_STATE) ? BPF_W : BPF_DW, BPF_REG_1, TASK,
        at(w, has(w, TASK_STATE) ? TASK_STATE : TASK_STATE_OLD, 0));
    store(w, BPF_W, RECORD(state), BPF_REG_1);
    copy_u32(w, RECORD(exit_state), TASK, at(w, TASK_EXIT_STATE, 0));
    write_parent(w, level);
    copy_u32(w, RECORD(prio), TASK, at(w, TASK_PRIO, 0));
    copy_u32(w, RECORD(static_prio), TASK, at(w, TASK_STATIC_PRIO, 0));
    move(w, BPF_REG_1, STACK);
    add_imm(w, BPF_REG_1, RECORD(comm));
    move_imm(w, BPF_REG_2, TASK_COMM_BYTES);
    move(w, BPF_REG_3, TASK);
    add_imm(w, BPF_REG_3, at(w, TASK_COMM, 0));
    call(w, HELPER_READ_KERNEL);
}

static void write_out(struct writer *w, int bytes) {
    move(w, BPF_REG_1, SEQ);
    move(w, BPF_REG_2, STACK);
    add_imm(w, BPF_REG_2, -(int)sizeof(struct task_record));
    move_imm(w, BPF_REG_3, bytes);
    call(w, HELPER_SEQ_WRITE);
}

static void write_end(struct writer *w) {
    move_imm(w, BPF_REG_0, 0);
    emit(w, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

int bpf_program_make(
    const struct btf_wanted members[KERNEL_MEMBERS], unsigned level, struct bpf_program *ret, struct error *err) {
    struct writer w = {.to = ret, .members = members};
    *ret = (struct bpf_program){.attach_id = members[ITER_TASK].found};
    ret->has_io = has(&w, TASK_IO) && has(&w, SIGNAL_IO) && has(&w, IO_READ) && has(&w, IO_WRITE);
    /* The context: { struct bpf_iter_meta *meta; struct task_struct *task; } */
    load(&w, BPF_DW, BPF_REG_2, BPF_REG_1, 0);
    load(&w, BPF_DW, TASK, BPF_REG_1, 8);
    size_t no_task = jump_if(&w, BPF_JEQ, TASK, 0); /* after the last one */
    load(&w, BPF_DW, SEQ, BPF_REG_2, at(&w, META_SEQ, 0));
    for (size_t i = 0; i < sizeof(struct task_record); i += sizeof(uint64_t))
        emit(&w, BPF_ST | BPF_MEM | BPF_DW, STACK, 0, (int)i - (int)sizeof(struct task_record), 0);
    write_numbers(&w, level);
    write_task(&w);
    load(&w, BPF_W, BPF_REG_1, STACK, RECORD(pid));
    load(&w, BPF_W, BPF_REG_2, STACK, RECORD(tgid));
    emit(&w, BPF_JMP | BPF_JEQ | BPF_X, BPF_REG_1, BPF_REG_2, 0, 0);
    size_t process = ret->n - 1;
    write_out(&w, TASK_THREAD_BYTES);
    write_end(&w);
    land(&w, process);
    write_process(&w, level);
    write_out(&w, sizeof(struct task_record));
    land(&w, no_task);
    write_end(&w);
    if (members[ITER_TASK].found == BTF_NOT_FOUND)
        return error_set(err, ERR_ABSENT, "the kernel has no iterator over tasks");
    if (w.missing)
        return error_set(err, ERR_ABSENT, "the kernel's types lack %s", w.missing);
    if (ret->n == COUNT_OF(ret->code))
        return error_set(err, ERR_LIMIT, "the program is too long");
    return 0;
}
