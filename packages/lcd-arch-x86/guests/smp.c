/* SPDX-License-Identifier: MIT */
/* Starts all processors, and lets them count together and interrupt each other. */
#include "processors.h"

#define ROUNDS 20000
#define IPI_VECTOR 0x50

static volatile u32 finished, plain, go;
static volatile u32 locked;
static volatile u32 interrupted[256], nmis;
static struct processors found;

static void lock(void)
{
	while (exchange(&locked, 1))
		while (locked)
			pause();
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

/* What the other processors do. */
static void application(void)
{
	struct { u16 limit; word base; } __attribute__((packed)) idt;

	__asm__ volatile("sidt %0" : "=m"(idt));
	interrupts_init();
	apic_write(APIC_SPURIOUS, APIC_ENABLE | SPURIOUS_VECTOR);
	print("processor %d is here; at reset its IDT was at %lx\n", apic_read(APIC_ID) >> 24, idt.base);
	has_started();
	wait_until(&go, 1);
	count_together();
	for (;;) {
		enable_interrupts();
		halt();
	}
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

	start_processors(&found, application);

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
