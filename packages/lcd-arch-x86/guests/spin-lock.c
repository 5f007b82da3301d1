/* SPDX-License-Identifier: MIT */
/* Spin locks that all processors want all the time, and barriers: what PAUSE is for. */
#include "processors.h"

#define ROUNDS 2000
#define BARRIERS 100

static struct processors found;
static volatile u32 go, finished;

/* First come, first served: a processor that does not execute holds up all behind it. */
static volatile u32 next_ticket, now_serving;
static volatile u32 counted;

static void count_in_turns(void)
{
	for (u32 round = 0; round < ROUNDS; round++) {
		u32 ticket = fetch_add(&next_ticket, 1);

		while (now_serving != ticket)
			pause();
		/* Whoever is here is alone: nobody has a ticket before this one, and none behind it has been served. */
		REQUIRE(counted == ticket);
		counted++;
		now_serving = ticket + 1;
	}
}

/* All processors are behind barrier n before one of them is behind barrier n + 1. */
static volatile u32 arrived, late;

static void meet(void)
{
	for (u32 barrier = 1; barrier <= BARRIERS; barrier++) {
		add(&arrived, 1);
		wait_until(&arrived, barrier * found.count);
		if (arrived > (barrier + 1) * found.count)
			add(&late, 1);
	}
}

static void work(void)
{
	wait_until(&go, 1);
	count_in_turns();
	meet();
	add(&finished, 1);
}

static void application(void)
{
	interrupts_init();
	apic_write(APIC_SPURIOUS, APIC_ENABLE | SPURIOUS_VECTOR);
	has_started();
	work();
	for (;;)
		halt();
}

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	REQUIRE(magic == MULTIBOOT_MAGIC && info != NULL);
	interrupts_init();
	pic_init();
	apic_write(APIC_SPURIOUS, APIC_ENABLE | SPURIOUS_VECTOR);
	find_processors(&found);
	start_processors(&found, application);
	print("%d processors\n", found.count);
	go = 1;
	work();
	wait_until(&finished, found.count);
	print("counted to %d, each in its turn\n", counted);
	print("met %d times, %d times too early\n", arrived / found.count, late);
	leave(0);
}
