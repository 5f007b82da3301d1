/*
 * Executes short pieces of code with a given x87, MMX and SSE state, on the processor it runs on.
 *
 * Reads requests from standard input until its end, and writes one result for each. The state goes in through FXRSTOR
 * and comes out through FXSAVE; RDI points to 128 bytes of memory that the code may use, RAX and the arithmetic flags
 * are loaded and stored too. An exception is caught as a signal, and its vector reported.
 *
 * Build: gcc -O2 -o harness harness.c
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define CODE_BASE 0x08000000UL
#define DATA_BASE 0x10000000UL
#define VECTOR_NONE 0xff
#define CODE_MAX 32

struct request {
	uint64_t code_length;
	uint8_t code[CODE_MAX];
	uint64_t rax;
	uint64_t rflags;
	uint8_t memory[128];
	uint8_t state[512];
};

struct result {
	uint64_t vector; /* VECTOR_NONE: ran to its end */
	uint64_t rax;
	uint64_t rflags;
	uint8_t memory[128];
	uint8_t state[512];
};

/* At DATA_BASE; the entry and exit code below know these places. */
struct shared {
	uint8_t memory[128];      /* 0 */
	uint8_t in[512];          /* 0x80, 16-byte aligned */
	uint8_t out[512];         /* 0x280 */
	uint64_t rax;             /* 0x480 */
	uint64_t rflags;          /* 0x488 */
	uint64_t out_rax;         /* 0x490 */
	uint64_t out_rflags;      /* 0x498 */
	uint64_t host_rsp;        /* 0x4a0 */
};

static struct shared *const shared = (struct shared *)DATA_BASE;
static struct result result;
static volatile sig_atomic_t running;

void enter_case(void);
void exit_after_signal(void);

__asm__(
	".text\n"
	".globl enter_case, exit_after_signal\n"
	"enter_case:\n"
	"	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n	push %r14\n	push %r15\n"
	"	mov $0x10000000, %edi\n"
	"	mov %rsp, 0x4a0(%rdi)\n"
	"	fxrstor64 0x80(%rdi)\n"
	"	pushq 0x488(%rdi)\n	popfq\n"
	"	mov 0x480(%rdi), %rax\n"
	"	mov $0x08000000, %ecx\n"
	"	call *%rcx\n"
	"	mov $0x10000000, %edi\n"
	"	mov %rax, 0x490(%rdi)\n"
	"	pushfq\n	popq 0x498(%rdi)\n"
	"	fxsave64 0x280(%rdi)\n"
	"exit_after_signal:\n"
	"	fninit\n"
	"	pushq $0x1f80\n	ldmxcsr (%rsp)\n	pop %rax\n"
	"	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbp\n	pop %rbx\n"
	"	ret\n"
);

static void on_exception(int signal, siginfo_t *info, void *context)
{
	ucontext_t *where = context;
	greg_t *gregs = where->uc_mcontext.gregs;
	(void)info;
	if (!running) {
		fprintf(stderr, "harness: signal %d outside a case, at %llx\n", signal, (unsigned long long)gregs[REG_RIP]);
		_Exit(1);
	}
	running = 0;
	result.vector = gregs[REG_TRAPNO];
	shared->out_rax = gregs[REG_RAX];
	shared->out_rflags = gregs[REG_EFL];
	memcpy(shared->out, where->uc_mcontext.fpregs, sizeof shared->out);
	gregs[REG_RIP] = (greg_t)exit_after_signal;
	gregs[REG_RSP] = shared->host_rsp;
}

static void *map_at(unsigned long address, unsigned long size, int protection)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE;
	void *mapped = mmap((void *)address, size, protection, flags, -1, 0);
	if (mapped == MAP_FAILED) {
		perror("harness: mmap");
		exit(1);
	}
	return mapped;
}

int main(void)
{
	static const int exceptions[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	static struct request request;
	stack_t stack = { .ss_size = 1 << 16, .ss_sp = malloc(1 << 16) };
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_ONSTACK, .sa_sigaction = on_exception };
	uint8_t *code = map_at(CODE_BASE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);

	map_at(DATA_BASE, 4096, PROT_READ | PROT_WRITE);
	sigaltstack(&stack, NULL);
	for (unsigned i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
		sigaction(exceptions[i], &action, NULL);

	while (fread(&request, sizeof request, 1, stdin) == 1) {
		memcpy(code, request.code, request.code_length);
		code[request.code_length] = 0xc3; /* ret */
		memcpy(shared->memory, request.memory, sizeof shared->memory);
		memcpy(shared->in, request.state, sizeof shared->in);
		memset(shared->out, 0, sizeof shared->out);
		shared->rax = request.rax;
		shared->rflags = request.rflags;
		result.vector = VECTOR_NONE;
		running = 1;
		__asm__ volatile("sub $128, %%rsp\n\tcall enter_case\n\tadd $128, %%rsp"
			::: "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc",
			"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
			"xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
		running = 0;
		result.rax = shared->out_rax;
		result.rflags = shared->out_rflags;
		memcpy(result.memory, shared->memory, sizeof result.memory);
		memcpy(result.state, shared->out, sizeof result.state);
		fwrite(&result, sizeof result, 1, stdout);
	}
	return fflush(stdout) ? 1 : 0;
}
