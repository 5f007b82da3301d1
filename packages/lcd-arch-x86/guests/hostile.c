/* SPDX-License-Identifier: MIT */
/* What harms a machine most, each for a while; or one of it for ever, when the command line has its name. */
#include "apic.h"

#define PRESENT 1ull
#define WRITABLE 2ull
#define USER 4ull
#define ROUNDS 2000
#define VECTOR 0x60

/* 1 GiB: the first 2 MiB from here get a page table of their own. */
#define AREA 0x40000000ul

extern u64 page_map[512], descriptor_table[9];

static u64 table[512] __attribute__((aligned(4096)));
static u32 pages[2][1024] __attribute__((aligned(4096)));

/* Writes its page tables all the time: what is read comes from one page and the other by turns. */
static u32 page_tables(void)
{
	volatile u32 *area = (volatile u32 *)AREA;
	u64 *pointers = (u64 *)(page_map[0] & ~0xfffull);
	u32 sum = 0;

	((u64 *)(pointers[1] & ~0xfffull))[0] = (word)table | PRESENT | WRITABLE;
	WRITE_REGISTER(cr3, READ_REGISTER(cr3));
	for (u32 round = 0; round < ROUNDS; round++) {
		table[0] = (word)pages[round & 1] | PRESENT | WRITABLE;
		if (round & 2)
			WRITE_REGISTER(cr3, READ_REGISTER(cr3));
		else
			__asm__ volatile("invlpg (%0)" :: "r"(area) : "memory");
		*area = round;
		sum += pages[round & 1][0] + (*area & 1);
		page_map[round & 511 ? 511 : 510] = round;
	}
	page_map[510] = page_map[511] = 0;
	return sum;
}

/* Writes into the instruction behind the one that writes. */
u32 rewritten(u32 value);
__asm__(".pushsection .user, \"awx\"\n"
	"rewritten: mov %edi, 1f + 1\n"
	"1: mov $0, %eax\n"
	"ret\n"
	".popsection");

/* Rewrites its code on every iteration. */
static u32 rewrite(void)
{
	static u8 code[] = { 0xb8, 0, 0, 0, 0, 0xc3 };
	u32 sum = 0;

	for (u32 round = 0; round < ROUNDS; round++) {
		*(volatile u32 *)(code + 1) = round;
		__asm__ volatile("" ::: "memory");
		sum += ((u32 (*)(void))(word)code)() + rewritten(round);
	}
	return sum;
}

static u32 divisions[4];
static word saved_stack __attribute__((used)), resume __attribute__((used));
static u8 kernel_stack[8192] __attribute__((aligned(16)));
static u8 other_stack[8192] __attribute__((aligned(16)));

void divide_by_zero(void);
__asm__(".pushsection .user, \"awx\"\n"
	"divide_by_zero: xor %ecx, %ecx\n"
	"1: div %ecx\n"
	"jmp 1b\n"
	".popsection");
#define DIV_LENGTH 2

static void on_divide(struct frame *frame)
{
	if (++divisions[frame->cs & 3] % ROUNDS) {
		frame->ip += DIV_LENGTH;
		return;
	}
	frame->cs = KERNEL_CODE;
	frame->ss = KERNEL_DATA;
	frame->ip = resume;
	frame->sp = saved_stack;
}

/* Divides by zero in every ring. */
static u32 divide(void)
{
	/* Code and data of rings 0 to 3: those of rings 1 and 2 stand behind what there is. */
	static const struct { word code, data; } selectors[] = {
		{ KERNEL_CODE, KERNEL_DATA }, { 0x49, 0x51 }, { 0x5a, 0x62 }, { USER_CODE, USER_DATA },
	};
	static u64 descriptors[13] = {
		[9] = 0x00afba000000ffff, [10] = 0x00cfb2000000ffff, [11] = 0x00afda000000ffff, [12] = 0x00cfd2000000ffff,
	};
	struct { u16 limit; word base; } __attribute__((packed)) gdt = { sizeof(descriptors) - 1, (word)descriptors };
	u64 *pointers = (u64 *)(page_map[0] & ~0xfffull);
	u64 *directory = (u64 *)(pointers[0] & ~0xfffull);

	if (!descriptors[1]) {
		task_state_init(kernel_stack + sizeof(kernel_stack));
		for (u32 i = 0; i < COUNT_OF(descriptor_table); i++)
			descriptors[i] = descriptor_table[i];
		__asm__ volatile("lgdt %0" :: "m"(gdt));
		page_map[0] |= USER;
		pointers[0] |= USER;
		directory[0] |= USER;
		WRITE_REGISTER(cr3, READ_REGISTER(cr3));
		on_interrupt(0, on_divide);
	}
	for (u32 ring = 0; ring < COUNT_OF(selectors); ring++)
		__asm__ volatile("mov %%rsp, saved_stack; movq $1f, resume\n\t"
			"push %0; push %1; pushf; push %2; push $divide_by_zero; iretq\n1:"
			:: "r"(selectors[ring].data), "r"(other_stack + sizeof(other_stack)), "r"(selectors[ring].code)
			: "memory", "cc", "ax", "cx", "dx");
	return divisions[0] + divisions[1] + divisions[2] + divisions[3];
}

static volatile u32 interrupts;

static void on_storm(struct frame *frame)
{
	(void)frame;
	if (++interrupts % ROUNDS)
		apic_write(APIC_COMMAND, COMMAND_SELF | COMMAND_ASSERT | VECTOR);
	apic_write(APIC_END_OF_INTERRUPT, 0);
}

/* Interrupts itself from the handler of that interrupt. */
static u32 storm(void)
{
	on_interrupt(VECTOR, on_storm);
	apic_write(APIC_SPURIOUS, APIC_ENABLE | 0xff);
	enable_interrupts();
	apic_write(APIC_COMMAND, COMMAND_SELF | COMMAND_ASSERT | VECTOR);
	do
		pause();
	while (interrupts % ROUNDS);
	disable_interrupts();
	return interrupts;
}

static const struct { const char *name; u32 (*run)(void); } attacks[] = {
	{ "page-tables", page_tables }, { "rewrite", rewrite }, { "divide", divide }, { "storm", storm },
};

static u32 equal(const char *left, const char *right)
{
	while (*left && *left == *right) {
		left++;
		right++;
	}
	return *left == *right;
}

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	const char *argument = arguments(info);

	REQUIRE(magic == MULTIBOOT_MAGIC);
	pic_init();
	interrupts_init();
	for (u32 i = 0; i < COUNT_OF(attacks); i++) {
		if (*argument && !equal(argument, attacks[i].name))
			continue;
		print("%s: %d\n", attacks[i].name, attacks[i].run());
		while (*argument)
			attacks[i].run();
	}
	leave(0);
}
