/* SPDX-License-Identifier: MIT */
/* Debug exceptions (SDM 3B, "Debug Exception Conditions"): where they come, what DR6 says, what keeps them back. */
#include "guest.h"

#define DR6_ONES 0xffff0ff0ul
#define DR7_ONE 0x400ul
#define DR7_GLOBAL_2 (1ul << 5)
#define DR7_GLOBAL_1 (1ul << 3)
/* Of DR1: 4 bytes, writes; 4 bytes, reads and writes. */
#define DR7_WRITES_1 (0xdul << 20)
#define DR7_ACCESSES_1 (0xful << 20)
#define FLAG_TF (1ul << 8)
#define FLAG_RF (1ul << 16)
#define CR4_DE 8ul

#define MOST 12
static struct {
	u32 distance, dr6;
	u8 vector;
} seen[MOST];
static u32 count;
/* What distances are counted from. */
static volatile word from __attribute__((used));
static volatile word value __attribute__((used));

static void note(struct frame *frame)
{
	if (count == MOST) {
		print("too many\n");
		leave(1);
	}
	seen[count].vector = frame->vector;
	seen[count].distance = frame->ip - from;
	seen[count].dr6 = READ_REGISTER(dr6);
	count++;
	/* An instruction breakpoint would come again. */
	if (READ_REGISTER(dr6) & 4)
		frame->flags |= FLAG_RF;
}

static void show(const char *name)
{
	print("%s:", name);
	for (u32 i = 0; i < count; i++)
		print(" %d at +%d, dr6 %x;", (u32)seen[i].vector, seen[i].distance, seen[i].dr6);
	print("\n");
	count = 0;
	WRITE_REGISTER(dr6, 0);
	WRITE_REGISTER(dr7, DR7_ONE);
}

#define AX "%%rax"
/* TF on; `instructions` with the label 1 at what distances are counted from; TF off. AX is what POPF takes then. */
#define STEP(name, before, instructions) do { \
	__asm__ volatile("movq $1f, from\n\t" \
		"pushf; pop " AX "; or $0x100, " AX "; push " AX "; and $~0x100, " AX "\n\t" \
		before "\n\tpopf\n\t" instructions "\n\tpush " AX "; popf\n\tnop" \
		::: "memory", "cc", "ax", "bx", "cx", "dx"); \
	show(name); \
} while (0)

static void single_steps(void)
{
	STEP("one step", "", "1: nop");
	STEP("steps over system instructions", "mov " AX ", %%rdi", "1: xor %%eax, %%eax; cpuid; rdtsc; mov %%rdi, " AX);
	/* QEMU 7.2 keeps the step behind STI back, too, and has neither INT1 nor DR7.GD: src/cpu/interrupt/single-step.test.ts. */
	STEP("mov ss keeps a step back", "mov %%ss, %%ecx", "mov %%ecx, %%ss; 1: nop; nop");
	STEP("int3 while stepping", "", "1: int3; nop");
	STEP("int n while stepping", "", "1: int $0x80; nop");
	STEP("rep while stepping", "mov $value, %%rdi; mov $2, %%ecx", "1: rep stosb; nop");
}

static void breakpoints(void)
{
	extern u8 place[], second_place[];

	from = (word)place;
	WRITE_REGISTER(dr2, place);
	WRITE_REGISTER(dr7, DR7_ONE | DR7_GLOBAL_2);
	__asm__ volatile("place: nop");
	show("an instruction");

	/* Of DR6 only the bits of breakpoints are cleared by others. */
	from = (word)second_place;
	WRITE_REGISTER(dr2, second_place);
	WRITE_REGISTER(dr6, (1 << 14) | 2);
	WRITE_REGISTER(dr7, DR7_ONE | DR7_GLOBAL_2);
	__asm__ volatile("second_place: nop");
	show("an instruction, with BS and B1 from before");

	WRITE_REGISTER(dr1, &value);
	WRITE_REGISTER(dr7, DR7_ONE | DR7_GLOBAL_1 | DR7_WRITES_1);
	__asm__ volatile("movq $1f, from; mov value, %%rax; 1: movl $42, value; nop" ::: "memory", "ax");
	show("a write");
	WRITE_REGISTER(dr7, DR7_ONE | DR7_GLOBAL_1 | DR7_ACCESSES_1);
	__asm__ volatile("movq $1f, from; 1: mov value, %%al; nop" ::: "memory", "ax");
	show("a read of a byte");
	WRITE_REGISTER(dr7, DR7_ONE | DR7_GLOBAL_1 | DR7_WRITES_1);
	__asm__ volatile("movq $1f, from; mov $value - 8, %%rdi; mov $4, %%ecx; 1: rep stosl; nop" ::: "memory", "di", "cx");
	show("the third of four repetitions");
}

static void aliases(void)
{
	word dr4;

	WRITE_REGISTER(cr4, READ_REGISTER(cr4) & ~CR4_DE);
	__asm__ volatile("mov %1, %%dr6; mov %%dr4, %0" : "=r"(dr4) : "r"(DR6_ONES | (1 << 14) | 2));
	print("dr4 without DE: %lx\n", dr4);
	WRITE_REGISTER(dr6, 0);
	print("dr6 written as 0: %lx\n", READ_REGISTER(dr6));
	WRITE_REGISTER(cr4, READ_REGISTER(cr4) | CR4_DE);
}

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	REQUIRE(magic == MULTIBOOT_MAGIC && info != NULL);
	interrupts_init();
	on_interrupt(1, note);
	on_interrupt(3, note);
	on_interrupt(0x80, note);
	aliases();
	single_steps();
	breakpoints();
	leave(0);
}
