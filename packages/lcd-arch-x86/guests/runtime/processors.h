/* SPDX-License-Identifier: MIT */
/* More than one processor: starting them, and what they do to shared memory. 64-bit guests only. */
#ifndef PROCESSORS_H
#define PROCESSORS_H
#include "apic.h"

#define SPURIOUS_VECTOR 0xff

/*
 * Starts all processors but this one, one after the other, on stacks of their own, in 64-bit mode with the page tables of
 * start64.S. Each calls `run`, which calls `has_started` to let the next one begin, and does not return.
 */
void start_processors(const struct processors *found, void (*run)(void));
void has_started(void);

static inline void add(volatile u32 *number, u32 amount)
{
	__asm__ volatile("lock addl %1, %0" : "+m"(*number) : "r"(amount) : "memory");
}

/* The number as it was before. */
static inline u32 fetch_add(volatile u32 *number, u32 amount)
{
	__asm__ volatile("lock xaddl %1, %0" : "+m"(*number), "+r"(amount) :: "memory");
	return amount;
}

static inline u32 exchange(volatile u32 *number, u32 value)
{
	__asm__ volatile("xchgl %0, %1" : "+r"(value), "+m"(*number) :: "memory");
	return value;
}

static inline void wait_until(volatile u32 *number, u32 value)
{
	while (*number < value)
		pause();
}

#endif
