/* SPDX-License-Identifier: MIT */
/* Exceptions of each kind: vector, error code, and whether the instruction pointer is at the instruction or behind it. */
#include "guest.h"

#define CR0_TS 8ul
#define DR6_BITS 0xe00f

static const char *name;
/* Where the instruction is, and where to go on. */
static volatile word at __attribute__((used)), resume __attribute__((used));

static void report(struct frame *frame)
{
	print("%s: vector %d, error code %lx, ip +%d", name, (u32)frame->vector, frame->error, (u32)(frame->ip - at));
	if (frame->vector == 1) {
		print(", dr6 %lx", READ_REGISTER(dr6) & DR6_BITS);
		WRITE_REGISTER(dr6, 0);
		frame->flags &= ~(word)0x100;
	}
	print("\n");
	frame->ip = resume;
}

#ifdef __x86_64__
#define MOVE "movq "
#define STACK_POINTER "rsp"
#else
#define MOVE "movl "
#define STACK_POINTER "esp"
#endif

/* Executes instructions, the one that raises behind label 1, and goes on behind the last. */
#define RAISE(what, instructions, ...) do { \
	name = what; \
	__asm__ volatile(MOVE "$1f, at\n\t" MOVE "$2f, resume\n\t" instructions "\n2:" \
		:: __VA_ARGS__ : "memory", "cc", "ax", "cx", "dx"); \
} while (0)

/* Places in the descriptor table that the task state segment does not use here. */
extern u32 task_state_descriptor[4];
#define SPARE_SELECTOR TASK_STATE

static void spare_descriptor(u32 low, u32 high)
{
	task_state_descriptor[0] = low;
	task_state_descriptor[1] = high;
}

static void double_fault(void)
{
	struct { u16 limit; word base; } __attribute__((packed)) table, shorter;

	__asm__ volatile("sidt %0" : "=m"(table));
	shorter = table;
	/* Vectors 0 to 8 only: #UD arrives, #GP does not. */
	shorter.limit = 9 * 2 * sizeof(word) - 1;
	__asm__ volatile("lidt %0" :: "m"(shorter));
	RAISE("gate of #GP outside the table", "1: mov %w0, %%ds", "r"(0xfff8));
	__asm__ volatile("lidt %0" :: "m"(table));
}

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	REQUIRE(magic == MULTIBOOT_MAGIC && info != NULL);
	interrupts_init();
	for (unsigned vector = 0; vector < 256; vector++)
		on_interrupt(vector, report);

	RAISE("division by zero", "xor %%ecx, %%ecx; 1: div %%ecx");
	RAISE("quotient too large", "mov $1, %%ecx; mov $1, %%edx; 1: div %%ecx");
	RAISE("signed quotient too large", "mov $-1, %%ecx; mov $0x80000000, %%eax; cltd; 1: idiv %%ecx");
	RAISE("single step", "pushf; orl $0x100, (%%" STACK_POINTER "); popf; 1: nop");
	RAISE("int3", "1: int3");
	RAISE("int $3", "1: int $3");
	RAISE("int $0x80", "1: int $0x80");
	RAISE("ud2", "1: ud2");
	RAISE("lock without a memory operand", "1: .byte 0xf0, 0x01, 0xc8");
	WRITE_REGISTER(cr0, READ_REGISTER(cr0) | CR0_TS);
	RAISE("floating point while CR0.TS", "1: fninit");
	__asm__ volatile("clts");
	RAISE("selector outside the table", "1: mov %w0, %%ds", "r"(0xfff8));
	spare_descriptor(0x0000ffff, 0x00cf1200);
	RAISE("data segment that is not present", "1: mov %w0, %%ds", "r"(SPARE_SELECTOR));
	RAISE("stack segment that is not present", "1: mov %w0, %%ss", "r"(SPARE_SELECTOR));
	spare_descriptor(0x0000ffff, 0x00cf9800);
	RAISE("execute-only segment in DS", "1: mov %w0, %%ds", "r"(SPARE_SELECTOR));
	RAISE("code segment in SS", "1: mov %w0, %%ss", "r"(SPARE_SELECTOR));
	RAISE("ltr of a code segment", "1: ltr %w0", "r"(SPARE_SELECTOR));
	RAISE("lldt of a code segment", "1: lldt %w0", "r"(SPARE_SELECTOR));
#ifdef __x86_64__
	RAISE("non-canonical data", "1: mov (%0), %%eax", "r"(0x800000000000));
	RAISE("far jump to a data segment", "1: ljmp *(%0)", "r"("\0\0\0\0\x10"));
#else
	RAISE("null selector in SS", "1: mov %w0, %%ss", "r"(0));
	RAISE("into", "mov $0x7fffffff, %%eax; inc %%eax; 1: into");
	static const u32 bounds[] = { 1, 8 };
	RAISE("bound", "mov $9, %%eax; 1: bound %%eax, (%0)", "r"(bounds));
	RAISE("far jump to a data segment", "1: ljmp $0x10, $0");
#endif
	double_fault();
	leave(0);
}
