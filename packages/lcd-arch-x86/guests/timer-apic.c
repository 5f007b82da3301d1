/* SPDX-License-Identifier: MIT */
/* The local APIC: its timer, priorities and interrupts to itself; the 8254 through the I/O APIC. */
#include "apic.h"

#define TIMER_VECTOR 0x40
#define LOW_VECTOR 0x51
#define HIGH_VECTOR 0x91
#define PIT_VECTOR 0x60
#define SPURIOUS_VECTOR 0xff

static volatile u32 counts[256];
static volatile u8 order[8];
static volatile u32 taken;

static void count(struct frame *frame)
{
	counts[frame->vector]++;
	if (taken < sizeof(order))
		order[taken++] = frame->vector;
	apic_write(APIC_END_OF_INTERRUPT, 0);
}

/* Waits for so many more interrupts. On QEMU time goes on meanwhile: of periodic ones there may be more. */
static void wait_for(u8 vector, u32 number)
{
	u32 before = counts[vector];

	while (counts[vector] < before + number) {
		enable_interrupts();
		halt();
		disable_interrupts();
	}
	print("vector %x: %d have come\n", vector, number);
}

static u32 requested(u8 vector)
{
	return apic_read(APIC_REQUEST + vector / 32 * 16) >> (vector % 32) & 1;
}

static void priorities(void)
{
	taken = 0;
	apic_command(0, LOW_VECTOR | COMMAND_SELF | COMMAND_ASSERT);
	apic_command(0, HIGH_VECTOR | COMMAND_SELF | COMMAND_ASSERT);
	print("requested: %d %d\n", requested(LOW_VECTOR), requested(HIGH_VECTOR));
	/* Priority class 5 is held back, 9 is not. */
	apic_write(APIC_TASK_PRIORITY, 0x50);
	enable_interrupts();
	__asm__ volatile("nop; nop");
	print("task priority 50: taken %d, the first %x, requested: %d %d\n", taken, order[0], requested(LOW_VECTOR),
	      requested(HIGH_VECTOR));
	/* CR8 is the same priority. */
	print("cr8 %lx\n", READ_REGISTER(cr8));
	WRITE_REGISTER(cr8, 0);
	__asm__ volatile("nop; nop");
	disable_interrupts();
	print("task priority %x: taken %d, the second %x\n", apic_read(APIC_TASK_PRIORITY), taken, order[1]);
}

static void io_apic_write(const struct processors *found, u32 reg, u32 value)
{
	volatile u32 *base = (volatile u32 *)(word)found->io_apic;

	base[0] = reg;
	base[4] = value;
}

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	struct processors found;

	REQUIRE(magic == MULTIBOOT_MAGIC && info != NULL);
	interrupts_init();
	pic_init();
	find_processors(&found);
	static const u8 vectors[] = { TIMER_VECTOR, LOW_VECTOR, HIGH_VECTOR, PIT_VECTOR };
	for (unsigned i = 0; i < COUNT_OF(vectors); i++)
		on_interrupt(vectors[i], count);
	apic_write(APIC_SPURIOUS, APIC_ENABLE | SPURIOUS_VECTOR);
	apic_write(APIC_TASK_PRIORITY, 0);
	apic_write(APIC_DIVIDE, APIC_DIVIDE_BY_1);

	apic_write(APIC_TIMER, TIMER_VECTOR | APIC_TIMER_PERIODIC);
	apic_write(APIC_INITIAL_COUNT, 1000000);
	wait_for(TIMER_VECTOR, 5);
	apic_write(APIC_INITIAL_COUNT, 0);
	enable_interrupts();
	__asm__ volatile("nop; nop");
	disable_interrupts();
	apic_write(APIC_TIMER, TIMER_VECTOR);
	apic_write(APIC_INITIAL_COUNT, 1000000);
	wait_for(TIMER_VECTOR, 1);
	print("one-shot: at the end the count is %d\n", apic_read(APIC_CURRENT_COUNT));

	priorities();

	/* Edge-triggered, active high, to this processor. */
	io_apic_write(&found, 0x11 + 2 * found.timer_interrupt, apic_read(APIC_ID));
	io_apic_write(&found, 0x10 + 2 * found.timer_interrupt, PIT_VECTOR);
	pit_periodic(11932);
	wait_for(PIT_VECTOR, 3);
	leave(0);
}
