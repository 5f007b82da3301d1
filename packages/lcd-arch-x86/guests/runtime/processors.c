/* SPDX-License-Identifier: MIT */
#include "processors.h"

#define TRAMPOLINE 0x8000ul

extern const u8 trampoline[], trampoline_end[];
extern u32 application_stack;

static u8 stacks[32][8192] __attribute__((aligned(16)));
static volatile u32 started;
static void (*application)(void);

void has_started(void)
{
	add(&started, 1);
}

/* Where the trampoline goes, in 64-bit mode, on a stack of its own. */
void application_main(void);
void application_main(void)
{
	application();
}

/* Real mode at TRAMPOLINE, then protected mode, then 64-bit mode. */
__asm__(
	"	.code16\n"
	"trampoline:\n"
	"	cli\n"
	"	mov %cs, %ax\n"
	"	mov %ax, %ds\n"
	"	lgdtl descriptor_table_register_copy - trampoline\n"
	"	mov %cr0, %eax\n"
	"	or $1, %al\n"
	"	mov %eax, %cr0\n"
	"	ljmpl $0x08, $1f\n"
	"descriptor_table_register_copy:\n"
	"	.word 0x47\n"
	"	.long descriptor_table\n"
	"trampoline_end:\n"
	"	.code32\n"
	"1:	mov $0x10, %eax\n"
	"	mov %eax, %ds\n"
	"	mov %eax, %es\n"
	"	mov %eax, %ss\n"
	"	mov application_stack, %esp\n"
	"	call enable_long_mode\n"
	"	ljmp $0x18, $2f\n"
	"	.code64\n"
	"2:	call application_main\n"
	"	.data\n"
	"application_stack: .long 0\n"
	"	.text\n");

/* A pause of so many ticks of the 8254's channel 2, at 1193182 a second. */
static void wait_ticks(u16 ticks)
{
	out8(0x61, (in8(0x61) & ~2) | 1);
	out8(0x43, 0xb0);
	out8(0x42, ticks);
	out8(0x42, ticks >> 8);
	while (!(in8(0x61) & 0x20))
		pause();
}

static void start(u8 id, u32 index)
{
	application_stack = (word)(stacks[index] + sizeof(stacks[index]));
	apic_command(id, COMMAND_INIT | COMMAND_ASSERT);
	wait_ticks(239);
	apic_command(id, COMMAND_STARTUP | COMMAND_ASSERT | TRAMPOLINE >> 12);
	wait_until(&started, index);
}

void start_processors(const struct processors *found, void (*run)(void))
{
	u32 self = apic_read(APIC_ID) >> 24;

	application = run;
	for (const u8 *from = trampoline, *to = (const u8 *)TRAMPOLINE; from < trampoline_end; from++, to++)
		*(volatile u8 *)to = *from;
	for (u32 i = 0, index = 0; i < found->count; i++)
		if (found->ids[i] != self)
			start(found->ids[i], ++index);
}
