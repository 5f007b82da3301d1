/* SPDX-License-Identifier: MIT */
/* The 8254 interrupts through the 8259, with the processor halted in between. */
#include "apic.h"

#define TICKS 10

static volatile u32 ticks;

static void tick(struct frame *frame)
{
	REQUIRE(frame->vector == 32);
	ticks++;
	out8(PIC_COMMAND_1, PIC_END_OF_INTERRUPT);
}

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	REQUIRE(magic == MULTIBOOT_MAGIC && info != NULL);
	interrupts_init();
	pic_init();
	on_interrupt(32, tick);
	pit_periodic(11932);

	/* Masked: no interrupt, though it is requested. */
	enable_interrupts();
	for (u32 polls = 0; polls < 100000; polls++)
		pause();
	print("masked: %d ticks\n", ticks);

	disable_interrupts();
	out8(PIC_MASK_1, 0xfe);
	while (ticks < TICKS) {
		/* Interrupts are taken behind the instruction that follows STI: none is lost between the two. */
		enable_interrupts();
		halt();
		disable_interrupts();
	}
	print("unmasked: %d ticks\n", ticks);
	print("interrupts are %s in between\n", read_flags() & FLAG_IF ? "on" : "off");
	leave(0);
}
