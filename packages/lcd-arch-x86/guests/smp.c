/* SPDX-License-Identifier: MIT */
/* Starts all processors, and lets them count together and interrupt each other. */
#include "apic.h"

#define TRAMPOLINE 0x8000ul
#define ROUNDS 20000
#define IPI_VECTOR 0x50
#define SPURIOUS_VECTOR 0xff

extern const u8 trampoline[], trampoline_end[];
extern u32 application_stack;

static u8 stacks[32][8192] __attribute__((aligned(16)));
static volatile u32 started, finished, plain, go;
static volatile u32 locked;
static volatile u32 interrupted[256], nmis;
static struct processors found;

static void add(volatile u32 *number, u32 amount)
{
	__asm__ volatile("lock addl %1, %0" : "+m"(*number) : "r"(amount) : "memory");
}

static void lock(void)
{
	u32 taken = 1;

	for (;;) {
		__asm__ volatile("xchgl %0, %1" : "+r"(taken), "+m"(locked) :: "memory");
		if (!taken)
			return;
		while (locked)
			pause();
		taken = 1;
	}
}

static void unlock(void)
{
	__asm__ volatile("" ::: "memory");
	locked = 0;
}

static void on_ipi(struct frame *frame)
{
	(void)frame;
	add(&interrupted[apic_read(APIC_ID) >> 24], 1);
	apic_write(APIC_END_OF_INTERRUPT, 0);
}

static void on_nmi(struct frame *frame)
{
	(void)frame;
	add(&nmis, 1);
}

static void count_together(void)
{
	for (u32 i = 0; i < ROUNDS; i++) {
		lock();
		plain++;
		unlock();
	}
	add(&finished, 1);
}

/* Where the trampoline goes, in 64-bit mode, on a stack of its own. */
void application_main(void);
void application_main(void)
{
	struct { u16 limit; word base; } __attribute__((packed)) idt;

	__asm__ volatile("sidt %0" : "=m"(idt));
	interrupts_init();
	apic_write(APIC_SPURIOUS, APIC_ENABLE | SPURIOUS_VECTOR);
	print("processor %d is here; at reset its IDT was at %lx\n", apic_read(APIC_ID) >> 24, idt.base);
	add(&started, 1);
	while (!go)
		pause();
	count_together();
	for (;;) {
		enable_interrupts();
		halt();
	}
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

static void wait_until(volatile u32 *number, u32 value)
{
	while (*number < value)
		pause();
}

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

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	u32 self = apic_read(APIC_ID) >> 24, others;

	REQUIRE(magic == MULTIBOOT_MAGIC && info != NULL);
	interrupts_init();
	on_interrupt(IPI_VECTOR, on_ipi);
	on_interrupt(2, on_nmi);
	pic_init();
	apic_write(APIC_SPURIOUS, APIC_ENABLE | SPURIOUS_VECTOR);
	find_processors(&found);
	others = found.count - 1;
	print("%d processors, this is %d\n", found.count, self);

	for (const u8 *from = trampoline, *to = (const u8 *)TRAMPOLINE; from < trampoline_end; from++, to++)
		*(volatile u8 *)to = *from;
	for (u32 i = 0, index = 0; i < found.count; i++)
		if (found.ids[i] != self)
			start(found.ids[i], ++index);

	go = 1;
	count_together();
	wait_until(&finished, found.count);
	print("together they counted to %d\n", plain);

	/* Interrupts to each other processor by its ID, to all of them, and to this one. */
	for (u32 i = 0; i < found.count; i++)
		if (found.ids[i] != self) {
			apic_command(found.ids[i], IPI_VECTOR | COMMAND_ASSERT);
			wait_until(&interrupted[found.ids[i]], 1);
		}
	apic_command(0, IPI_VECTOR | COMMAND_ALL_OTHERS | COMMAND_ASSERT);
	for (u32 i = 0; i < found.count; i++)
		if (found.ids[i] != self)
			wait_until(&interrupted[found.ids[i]], 2);
	enable_interrupts();
	apic_command(0, IPI_VECTOR | COMMAND_SELF | COMMAND_ASSERT);
	wait_until(&interrupted[self], 1);
	disable_interrupts();
	print("interrupts:");
	for (u32 i = 0; i < found.count; i++)
		print(" %d", interrupted[found.ids[i]]);
	print("\n");
	apic_command(0, COMMAND_NMI | COMMAND_ALL_OTHERS | COMMAND_ASSERT);
	wait_until(&nmis, others);
	print("NMIs: %d\n", nmis);
	leave(0);
}
