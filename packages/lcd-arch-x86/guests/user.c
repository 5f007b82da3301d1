/* SPDX-License-Identifier: MIT */
/* Ring 3: system calls, and what it may not do. */
#include "guest.h"

#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_FMASK 0xc0000084
#define EFER_SCE 1u
#define USER 4u

static u8 kernel_stack[8192] __attribute__((aligned(16)));
static u8 user_stack[8192] __attribute__((aligned(16)));
/* A page that ring 3 may not use. */
static volatile u32 secret[1024] __attribute__((aligned(4096), used));

/* What the user program does next; each step ends in a system call or an exception. */
static u32 step;

static void next_step(struct frame *frame);

static void system_call(struct frame *frame)
{
	print("INT 80 from ring %d: ax %lx, interrupts %s\n", (u32)frame->cs & 3, frame->ax,
	      frame->flags & FLAG_IF ? "on" : "off");
	frame->ax = 0x600d;
	next_step(frame);
}

static void exception(struct frame *frame)
{
	/* Bit 1: the error code names a vector of the IDT, in units of 8 (SDM 3A, "Error Code"); 64-bit QEMU 7.2 has 16. */
	if (frame->vector == 13 && frame->error & 2)
		print("vector 13, for a gate, ring %d", (u32)frame->cs & 3);
	else
		print("vector %d, error code %lx, ring %d", (u32)frame->vector, frame->error, (u32)frame->cs & 3);
	if (frame->vector == 14)
		print(", the secret: %d", READ_REGISTER(cr2) == (word)secret);
	print("\n");
	next_step(frame);
}

/* The user program: pieces of code that each do one thing. */
#define USER_CODE_PIECE(name, code) \
	extern const u8 name[]; \
	__asm__(".pushsection .user, \"awx\"\n" #name ":\n" code "\n.popsection")

USER_CODE_PIECE(user_int, "mov $0x1234, %eax; int $0x80; jmp .");
USER_CODE_PIECE(user_result, "cmp $0x600d, %eax; jne .; mov $1, %eax; int $0x80");
USER_CODE_PIECE(user_cli, "cli; jmp .");
USER_CODE_PIECE(user_hlt, "hlt; jmp .");
USER_CODE_PIECE(user_out, "mov $0xf4, %edx; out %al, %dx; jmp .");
USER_CODE_PIECE(user_read, "mov secret, %eax; jmp .");
USER_CODE_PIECE(user_write, "movl $1, secret; jmp .");
USER_CODE_PIECE(user_gate, "int $0x21; jmp .");
USER_CODE_PIECE(user_int3, "int3; jmp .");
USER_CODE_PIECE(user_kernel_segment, "mov $0x10, %eax; mov %eax, %ds; jmp .");
USER_CODE_PIECE(user_cr3, "mov %cr3, %" 
#ifdef __x86_64__
	"rax; jmp .");
USER_CODE_PIECE(user_syscall, "mov $0x77, %eax; syscall; cmp $0x78, %eax; jne .; mov $2, %eax; int $0x80; jmp .");
USER_CODE_PIECE(user_compatibility, "push $0x23; push $1f; lretq; .code32; 1: dec %eax; mov $3, %eax; int $0x80; .code64; jmp .");
#else
	"eax; jmp .");
#endif
USER_CODE_PIECE(user_end, "xor %eax, %eax; int $0x80; jmp .");

static const u8 *const steps[] = {
	user_int, user_result, user_cli, user_hlt, user_out, user_read, user_write, user_gate, user_int3, user_kernel_segment,
	user_cr3,
#ifdef __x86_64__
	user_syscall, user_compatibility,
#endif
	user_end,
};

static void next_step(struct frame *frame)
{
	/* After the first call the program goes on behind it. */
	if (steps[step] == user_end)
		leave(0);
	step++;
	frame->ip = (word)steps[step];
	frame->cs = USER_CODE;
	frame->sp = (word)(user_stack + sizeof(user_stack) - 64);
}

#ifdef __x86_64__
/* Where SYSCALL goes: RCX is the user's RIP and R11 its flags. */
void system_call_entry(void);
__asm__(
	"system_call_entry:\n"
	"	mov %rsp, %r10\n"
	"	mov $kernel_stack + 8192, %esp\n"
	"	push %r10\n"
	"	push %rcx\n"
	"	push %r11\n"
	"	push %rax\n"
	"	call fast_system_call\n"
	"	pop %rax\n"
	"	inc %eax\n"
	"	pop %r11\n"
	"	pop %rcx\n"
	"	pop %rsp\n"
	"	sysretq\n");
void fast_system_call(void);
void fast_system_call(void)
{
	u16 cs, ss;

	__asm__("mov %%cs, %0; mov %%ss, %1" : "=r"(cs), "=r"(ss));
	print("SYSCALL: cs %x, ss %x, interrupts %s\n", cs, ss, read_flags() & FLAG_IF ? "on" : "off");
}

extern u64 page_map[512];

/* Lets ring 3 use the first 2 MiB but for the page that `secret` is on: a page table of its own. */
static u64 table[512] __attribute__((aligned(4096)));
static void allow_user_memory(void)
{
	u64 *pointers = (u64 *)(page_map[0] & ~0xfffull), *directory = (u64 *)(pointers[0] & ~0xfffull);

	for (u32 i = 0; i < 512; i++)
		table[i] = (u64)i << 12 | (i == (word)secret >> 12 ? 0 : USER) | 3;
	directory[0] = (word)table | USER | 3;
	pointers[0] |= USER;
	page_map[0] |= USER;
	WRITE_REGISTER(cr3, READ_REGISTER(cr3));
	write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_SCE);
	/* SYSRET makes CS 0x20 + 16 and SS 0x20 + 8, with RPL 3. */
	write_msr(MSR_STAR, (u64)KERNEL_CODE_32 << 32 | (u64)(USER_CODE_32) << 48);
	write_msr(MSR_LSTAR, (word)system_call_entry);
	write_msr(MSR_FMASK, FLAG_IF);
}
#else
static u32 directory[1024] __attribute__((aligned(4096)));
static u32 table[1024] __attribute__((aligned(4096)));
static void allow_user_memory(void)
{
	for (u32 i = 0; i < 1024; i++)
		table[i] = i << 12 | (i == (word)secret >> 12 ? 0 : USER) | 3;
	directory[0] = (u32)table | USER | 3;
	WRITE_REGISTER(cr3, directory);
	WRITE_REGISTER(cr0, READ_REGISTER(cr0) | 1u << 31);
}
#endif

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	REQUIRE(magic == MULTIBOOT_MAGIC && info != NULL);
	interrupts_init();
	on_interrupt(0x80, system_call);
	allow_user(0x80);
	allow_user(3);
	for (u32 vector = 0; vector < 32; vector++)
		on_interrupt(vector, exception);
	task_state_init(kernel_stack + sizeof(kernel_stack) - 4096);
	allow_user_memory();
	__asm__ volatile("mov %0, %%ds; mov %0, %%es" :: "r"(USER_DATA));

	/* To ring 3, as if returning there; interrupts on, all of them masked. */
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	word stack = (word)(user_stack + sizeof(user_stack) - 64);
#ifdef __x86_64__
	__asm__ volatile("push %0; push %1; push $0x202; push %2; push %3; iretq"
			 :: "r"((word)USER_DATA), "r"(stack), "r"((word)USER_CODE), "r"((word)user_int) : "memory");
#else
	__asm__ volatile("push %0; push %1; push $0x202; push %2; push %3; iret"
			 :: "r"((word)USER_DATA), "r"(stack), "r"((word)USER_CODE), "r"((word)user_int) : "memory");
#endif
}
