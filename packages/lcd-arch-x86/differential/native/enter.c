/* Into a case and out of it again: by its last jump, or by the signal that an exception becomes. */
#define _GNU_SOURCE
#include "layout.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define TICK_MICROSECONDS 4000

/* The code below has these offsets as numbers. */
struct control {
	uint64_t host_rsp; /* 000 */
	uint64_t exit_address; /* 008 */
	uint32_t entry; /* 010, a far pointer with the next */
	uint16_t entry_selector;
	uint16_t reserved;
	uint64_t in_flags; /* 018 */
	uint64_t in[16]; /* 020 */
	uint64_t out[16]; /* 0a0 */
	uint64_t out_flags; /* 120 */
	uint64_t with; /* 128 */
	uint64_t fs_base; /* 130 */
	uint64_t gs_base; /* 138 */
	uint16_t in_segments[8]; /* 140 */
	uint16_t out_segments[8]; /* 150 */
	uint32_t default_mxcsr; /* 160 */
	uint8_t padding[0x200 - 0x164];
	uint8_t fx_in[FX_SIZE]; /* 200 */
	uint8_t fx_out[FX_SIZE]; /* 400 */
};

static struct control *const control = (struct control *)CONTROL_BASE;
struct result result;
uint8_t fx_result[FX_SIZE];
static volatile sig_atomic_t running;
static volatile unsigned long case_number, case_at_last_tick;

void enter_case(void);
void exit_case(void);
void exit_after_signal(void);

__asm__(
	".text\n"
	".globl enter_case, exit_case, exit_after_signal\n"
	"enter_case:\n"
	"	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n	push %r14\n	push %r15\n"
	"	mov %rsp, 0x5ab3c000\n"
	"	testb $1, 0x5ab3c128\n	jz 1f\n"
	"	fxrstor64 0x5ab3c200\n"
	"1:	testb $2, 0x5ab3c128\n	jz 2f\n"
	"	mov 0x5ab3c140, %es\n	mov 0x5ab3c146, %ds\n	mov 0x5ab3c148, %fs\n	mov 0x5ab3c14a, %gs\n"
	"	mov 0x5ab3c144, %ss\n"
	"2:	pushq 0x5ab3c018\n	popfq\n"
	"	mov 0x5ab3c020, %rax\n	mov 0x5ab3c028, %rcx\n	mov 0x5ab3c030, %rdx\n	mov 0x5ab3c038, %rbx\n"
	"	mov 0x5ab3c040, %rsp\n	mov 0x5ab3c048, %rbp\n	mov 0x5ab3c050, %rsi\n	mov 0x5ab3c058, %rdi\n"
	"	mov 0x5ab3c060, %r8\n	mov 0x5ab3c068, %r9\n	mov 0x5ab3c070, %r10\n	mov 0x5ab3c078, %r11\n"
	"	mov 0x5ab3c080, %r12\n	mov 0x5ab3c088, %r13\n	mov 0x5ab3c090, %r14\n	mov 0x5ab3c098, %r15\n"
	"	ljmp *0x5ab3c010\n"
	"exit_case:\n"
	"	mov %rax, 0x5ab3c0a0\n	mov %rcx, 0x5ab3c0a8\n	mov %rdx, 0x5ab3c0b0\n	mov %rbx, 0x5ab3c0b8\n"
	"	mov %rsp, 0x5ab3c0c0\n	mov %rbp, 0x5ab3c0c8\n	mov %rsi, 0x5ab3c0d0\n	mov %rdi, 0x5ab3c0d8\n"
	"	mov %r8, 0x5ab3c0e0\n	mov %r9, 0x5ab3c0e8\n	mov %r10, 0x5ab3c0f0\n	mov %r11, 0x5ab3c0f8\n"
	"	mov %r12, 0x5ab3c100\n	mov %r13, 0x5ab3c108\n	mov %r14, 0x5ab3c110\n	mov %r15, 0x5ab3c118\n"
	"	mov 0x5ab3c000, %rsp\n"
	"	pushfq\n	popq 0x5ab3c120\n"
	"	mov %es, 0x5ab3c150\n	mov %ss, 0x5ab3c154\n	mov %ds, 0x5ab3c156\n"
	"	mov %fs, 0x5ab3c158\n	mov %gs, 0x5ab3c15a\n"
	"	testb $1, 0x5ab3c128\n	jz exit_after_signal\n"
	"	fxsave64 0x5ab3c400\n"
	"exit_after_signal:\n"
	/* DF, NT and AC of the case go first. */
	"	pushq $0x202\n	popfq\n"
	"	testb $1, 0x5ab3c128\n	jz 1f\n"
	"	fninit\n	ldmxcsr 0x5ab3c160\n"
	"1:	testb $2, 0x5ab3c128\n	jz 2f\n"
	"	xor %eax, %eax\n	mov %eax, %es\n	mov %eax, %ds\n	mov %eax, %fs\n	mov %eax, %gs\n"
	"	mov $0x2b, %eax\n	mov %eax, %ss\n"
	"	mov 0x5ab3c130, %rax\n	wrfsbase %rax\n	mov 0x5ab3c138, %rax\n	wrgsbase %rax\n"
	"2:	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbp\n	pop %rbx\n"
	"	ret\n"
);

/* Order of the registers in instructions, as in the kernel's signal frame. */
static const int greg_of[16] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

/* CS and SS are in the first and last 16 bits of one word of the frame; the handler runs with the others as they were. */
static void take_segments(greg_t *gregs)
{
	uint16_t *frame = (uint16_t *)&gregs[REG_CSGSFS], *out = result.segments;
	__asm__ volatile("mov %%es, %0" : "=m"(out[ES]));
	__asm__ volatile("mov %%ds, %0" : "=m"(out[DS]));
	__asm__ volatile("mov %%fs, %0" : "=m"(out[FS]));
	__asm__ volatile("mov %%gs, %0" : "=m"(out[GS]));
	out[CS] = frame[0];
	out[SS] = frame[3];
	frame[0] = USER_CS;
	frame[3] = USER_DS;
}

static void leave(ucontext_t *context, uint8_t vector)
{
	greg_t *gregs = context->uc_mcontext.gregs;
	for (int i = 0; i < 16; i++)
		result.gpr[i] = gregs[greg_of[i]];
	result.vector = vector;
	result.error_code = gregs[REG_ERR];
	result.rip = gregs[REG_RIP];
	result.address = gregs[REG_CR2];
	result.rflags = gregs[REG_EFL];
	take_segments(gregs);
	if (control->with & WITH_FX)
		memcpy(fx_result, context->uc_mcontext.fpregs, FX_SIZE);
	running = 0;
	gregs[REG_RIP] = (greg_t)exit_after_signal;
	gregs[REG_RSP] = control->host_rsp;
	gregs[REG_EFL] = 0x202;
}

/* A handler begins with the AC of the case, and C is not written for that. */
static inline void stop_checking_alignment(void)
{
	__asm__ volatile("sub $128, %%rsp\n\tpushfq\n\tandl $~0x40000, (%%rsp)\n\tpopfq\n\tadd $128, %%rsp" ::: "cc", "memory");
}

static void on_exception(int signal, siginfo_t *info, void *context)
{
	stop_checking_alignment();
	ucontext_t *where = context;
	(void)info;
	if (!running) {
		fprintf(stderr, "harness: signal %d outside a case, at %llx\n", signal,
			(unsigned long long)where->uc_mcontext.gregs[REG_RIP]);
		_exit(1);
	}
	leave(where, where->uc_mcontext.gregs[REG_TRAPNO]);
}

/* Ends a case that has not ended since the last tick. */
static void on_tick(int signal, siginfo_t *info, void *context)
{
	stop_checking_alignment();
	(void)signal;
	(void)info;
	if (running && case_number == case_at_last_tick) {
		ucontext_t *where = context;
		uint64_t rip = where->uc_mcontext.gregs[REG_RIP];
		uint16_t cs = where->uc_mcontext.gregs[REG_CSGSFS];
		if (cs != USER_CS || (rip >= CODE_BASE && rip < CODE_BASE + CODE_SIZE))
			leave(where, VECTOR_TIMEOUT);
	}
	case_at_last_tick = case_number;
}

void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void catch_signals(void)
{
	static const int exceptions[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	stack_t stack = { .ss_size = 1 << 16, .ss_sp = malloc(1 << 16) };
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_ONSTACK };
	struct itimerval tick = { { 0, TICK_MICROSECONDS }, { 0, TICK_MICROSECONDS } };

	if (!stack.ss_sp || sigaltstack(&stack, NULL))
		fail("harness: sigaltstack");
	sigfillset(&action.sa_mask);
	action.sa_sigaction = on_exception;
	for (unsigned i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
		sigaction(exceptions[i], &action, NULL);
	action.sa_flags |= SA_RESTART;
	action.sa_sigaction = on_tick;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &tick, NULL);
}

/* The exit page: `jmp *exit_address`, where 64-bit code and far jumps of other code arrive. */
static void map_exit(void)
{
	static const uint8_t jump[] = { 0xff, 0x24, 0x25, 0x08, 0xc0, 0xb3, 0x5a };
	void *page = mmap((void *)EXIT_BASE, 4096, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (page == MAP_FAILED)
		fail("harness: mmap");
	memcpy(page, jump, sizeof jump);
	if (mprotect(page, 4096, PROT_READ | PROT_EXEC))
		fail("harness: mprotect");
}

void prepare(void)
{
	if (mmap(control, 4096, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0) == MAP_FAILED)
		fail("harness: mmap");
	control->exit_address = (uint64_t)exit_case;
	control->default_mxcsr = 0x1f80;
	control->gs_base = GS_BASE;
	map_exit();
	if (syscall(SYS_arch_prctl, 0x1001 /* ARCH_SET_GS */, GS_BASE)
		|| syscall(SYS_arch_prctl, 0x1003 /* ARCH_GET_FS */, &control->fs_base))
		fail("harness: arch_prctl");
	catch_signals();
}

void run_case(const struct state *state, const uint8_t *fx, unsigned with, unsigned long end)
{
	control->with = with;
	memcpy(control->in, state->gpr, sizeof control->in);
	control->in_flags = state->rflags;
	control->entry = state->rip;
	control->entry_selector = state->segments[CS];
	memcpy(control->in_segments, state->segments, sizeof control->in_segments);
	if (with & WITH_FX)
		memcpy(control->fx_in, fx, FX_SIZE);
	result.vector = VECTOR_NONE;

	case_number++;
	running = 1;
	__asm__ volatile("sub $128, %%rsp\n\tcall enter_case\n\tadd $128, %%rsp"
		::: "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc",
		"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
		"xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
	running = 0;

	if (result.vector == VECTOR_NONE) {
		memcpy(result.gpr, control->out, sizeof result.gpr);
		memcpy(result.segments, control->out_segments, sizeof result.segments);
		result.segments[CS] = state->segments[CS];
		result.rflags = control->out_flags;
		result.rip = end;
		result.error_code = 0;
		result.address = 0;
		if (with & WITH_FX)
			memcpy(fx_result, control->fx_out, FX_SIZE);
	}
}
