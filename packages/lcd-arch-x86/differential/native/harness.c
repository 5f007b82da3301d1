/*
 * Executes test cases on the processor it runs on.
 *
 * Reads cases from standard input until its end, and writes one result for each. A case runs with the registers,
 * flags and memory that it names; whatever exception it raises is caught as a signal and reported. No process and
 * no system call per case: several hundred thousand cases a second.
 *
 * Build: gcc -O2 -o harness harness.c
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

/* The layout of differential/layout.ts. */
#define CODE_BASE 0x08000000UL
#define CODE_SIZE 0x2000UL
#define DATA_BASE 0x10000000UL
#define DATA_SIZE 0x2000UL
#define WINDOW_OFFSET 0xfc0
#define WINDOW_SIZE 128
#define GS_BASE 0x0fff0000UL
#define CODE_FILL 0xcc

/*
 * Where the entry and exit code below find everything, by absolute address, so that they need no register. A place that
 * shifts and sums of the addresses above do not hit.
 */
#define CONTROL_BASE 0x5ab3c000UL

#define VECTOR_NONE 0xff
#define VECTOR_TIMEOUT 0xfe

#define TICK_MICROSECONDS 4000

struct request {
	uint16_t code_length;
	uint16_t code_start; /* offset in the code pages */
	uint32_t reserved;
	uint64_t gpr[16];
	uint64_t rflags;
	uint8_t window[WINDOW_SIZE];
	/* code_length bytes of code follow, padded to a multiple of 8 */
};

struct result {
	uint8_t vector; /* VECTOR_NONE: ran to its end */
	uint8_t reserved;
	uint16_t changes; /* that many `struct change` follow */
	uint32_t error_code;
	uint64_t rip;
	uint64_t address; /* CR2 of a page fault */
	uint64_t gpr[16];
	uint64_t rflags;
};

struct change {
	uint64_t index; /* which 8 bytes of the data pages */
	uint64_t value;
};

struct control {
	uint64_t host_rsp;
	uint64_t exit_address;
	uint64_t entry;
	uint64_t in_flags;
	uint64_t in[16];
	uint64_t out[16];
	uint64_t out_flags;
};

static struct control *const control = (struct control *)CONTROL_BASE;
static struct result result;
static volatile sig_atomic_t running;
static volatile unsigned long case_number, case_at_last_tick;

void enter_case(void);
void exit_case(void);
void exit_after_signal(void);

/* Offsets in struct control: host_rsp 0, exit_address 8, entry 16, in_flags 24, in 32.., out 160.., out_flags 288 */
__asm__(
	".text\n"
	".globl enter_case, exit_case, exit_after_signal\n"
	"enter_case:\n"
	"	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n	push %r14\n	push %r15\n"
	"	mov %rsp, 0x5ab3c000\n"
	"	pushq 0x5ab3c018\n	popfq\n"
	"	mov 0x5ab3c020, %rax\n	mov 0x5ab3c028, %rcx\n	mov 0x5ab3c030, %rdx\n	mov 0x5ab3c038, %rbx\n"
	"	mov 0x5ab3c040, %rsp\n	mov 0x5ab3c048, %rbp\n	mov 0x5ab3c050, %rsi\n	mov 0x5ab3c058, %rdi\n"
	"	mov 0x5ab3c060, %r8\n	mov 0x5ab3c068, %r9\n	mov 0x5ab3c070, %r10\n	mov 0x5ab3c078, %r11\n"
	"	mov 0x5ab3c080, %r12\n	mov 0x5ab3c088, %r13\n	mov 0x5ab3c090, %r14\n	mov 0x5ab3c098, %r15\n"
	"	jmp *0x5ab3c010\n"
	"exit_case:\n"
	"	mov %rax, 0x5ab3c0a0\n	mov %rcx, 0x5ab3c0a8\n	mov %rdx, 0x5ab3c0b0\n	mov %rbx, 0x5ab3c0b8\n"
	"	mov %rsp, 0x5ab3c0c0\n	mov %rbp, 0x5ab3c0c8\n	mov %rsi, 0x5ab3c0d0\n	mov %rdi, 0x5ab3c0d8\n"
	"	mov %r8, 0x5ab3c0e0\n	mov %r9, 0x5ab3c0e8\n	mov %r10, 0x5ab3c0f0\n	mov %r11, 0x5ab3c0f8\n"
	"	mov %r12, 0x5ab3c100\n	mov %r13, 0x5ab3c108\n	mov %r14, 0x5ab3c110\n	mov %r15, 0x5ab3c118\n"
	"	mov 0x5ab3c000, %rsp\n"
	"	pushfq\n	popq 0x5ab3c120\n"
	"exit_after_signal:\n"
	"	cld\n"
	"	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbp\n	pop %rbx\n"
	"	ret\n"
);

/* Order of the registers in instructions, as in the kernel's signal frame. */
static const int greg_of[16] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

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
	running = 0;
	gregs[REG_RIP] = (greg_t)exit_after_signal;
	gregs[REG_RSP] = control->host_rsp;
	gregs[REG_EFL] = 0x202;
}

static void on_exception(int signal, siginfo_t *info, void *context)
{
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
	(void)signal;
	(void)info;
	if (running && case_number == case_at_last_tick) {
		ucontext_t *where = context;
		uint64_t rip = where->uc_mcontext.gregs[REG_RIP];
		if (rip >= CODE_BASE && rip < CODE_BASE + CODE_SIZE)
			leave(where, VECTOR_TIMEOUT);
	}
	case_at_last_tick = case_number;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void *map_at(unsigned long address, unsigned long size, int protection, int flags, int file)
{
	void *mapped = mmap((void *)address, size, protection, flags, file, 0);
	if (mapped == MAP_FAILED)
		fail("harness: mmap");
	return mapped;
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

static uint8_t background[DATA_SIZE];

static void execute(const struct request *request, uint8_t *code, uint8_t *data)
{
	uint8_t *end = code + request->code_start + request->code_length;
	int32_t displacement;

	/* jmp *exit_address(%rip) behind the case */
	displacement = (int32_t)(CONTROL_BASE + offsetof(struct control, exit_address)
		- (CODE_BASE + request->code_start + request->code_length + 6));
	end[0] = 0xff;
	end[1] = 0x25;
	memcpy(end + 2, &displacement, 4);

	memcpy(data + WINDOW_OFFSET, request->window, WINDOW_SIZE);
	memcpy(control->in, request->gpr, sizeof control->in);
	control->in_flags = request->rflags;
	control->entry = CODE_BASE + request->code_start;
	result.vector = VECTOR_NONE;

	case_number++;
	running = 1;
	__asm__ volatile("sub $128, %%rsp\n\tcall enter_case\n\tadd $128, %%rsp"
		::: "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
	running = 0;

	if (result.vector == VECTOR_NONE) {
		memcpy(result.gpr, control->out, sizeof result.gpr);
		result.rflags = control->out_flags;
		result.rip = CODE_BASE + request->code_start + request->code_length;
		result.error_code = 0;
		result.address = 0;
	}
	memset(end, CODE_FILL, 6);
}

/* Lists the 8-byte words that differ from what the case began with, and puts the background back. */
static unsigned collect(const struct request *request, uint8_t *data, struct change *changes)
{
	unsigned count = 0;
	memcpy(background + WINDOW_OFFSET, request->window, WINDOW_SIZE);
	for (unsigned page = 0; page < DATA_SIZE; page += 512) {
		if (!memcmp(data + page, background + page, 512))
			continue;
		for (unsigned at = page; at < page + 512; at += 8) {
			if (memcmp(data + at, background + at, 8)) {
				changes[count].index = at / 8;
				memcpy(&changes[count++].value, data + at, 8);
				memcpy(data + at, background + at, 8);
			}
		}
	}
	return count;
}

int main(void)
{
	static char input[1 << 16], output[1 << 16];
	static struct change changes[DATA_SIZE / 8];
	static struct request request;
	int file = memfd_create("code", 0);
	uint8_t *code, *data;

	setvbuf(stdin, input, _IOFBF, sizeof input);
	setvbuf(stdout, output, _IOFBF, sizeof output);
	if (file < 0 || ftruncate(file, CODE_SIZE))
		fail("harness: memfd_create");
	code = map_at(0, CODE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file);
	map_at(CODE_BASE, CODE_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED_NOREPLACE, file);
	data = map_at(DATA_BASE, DATA_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1);
	map_at(CONTROL_BASE, 4096, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1);
	control->exit_address = (uint64_t)exit_case;
	if (syscall(SYS_arch_prctl, 0x1001 /* ARCH_SET_GS */, GS_BASE))
		fail("harness: arch_prctl");
	catch_signals();

	memset(code, CODE_FILL, CODE_SIZE);
	for (unsigned i = 0; i < DATA_SIZE; i++)
		background[i] = (i * 167 + 13) ^ (i >> 5);
	memcpy(data, background, DATA_SIZE);

	while (fread(&request, sizeof request, 1, stdin) == 1) {
		unsigned padded = (request.code_length + 7) & ~7u;
		if (request.code_start + padded + 8 > CODE_SIZE) {
			fprintf(stderr, "harness: a case of %u bytes does not fit\n", request.code_length);
			return 1;
		}
		if (fread(code + request.code_start, padded, 1, stdin) != 1)
			fail("harness: short read");
		memset(code + request.code_start + request.code_length, CODE_FILL, padded - request.code_length);
		execute(&request, code, data);
		memset(code + request.code_start, CODE_FILL, padded);
		result.changes = collect(&request, data, changes);
		fwrite(&result, sizeof result, 1, stdout);
		fwrite(changes, sizeof *changes, result.changes, stdout);
	}
	return fflush(stdout) ? 1 : 0;
}
