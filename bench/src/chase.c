/* SPDX-License-Identifier: MIT */
/* Follows a chain through 1 MiB in random order, `amount` thousand steps: every load waits for the one before. */
#include "bench.h"

unsigned long bench_chase(unsigned long amount);

#define LENGTH (1u << 18)

unsigned long bench_chase(unsigned long amount)
{
	static u32 next[LENGTH];
	u32 seed = 1, at = 0;

	for (u32 i = 0; i < LENGTH; i++)
		next[i] = i;
	/* Sattolo's shuffle: what results is one cycle. LENGTH is a power of two, so a product picks below i. */
	for (u32 i = LENGTH - 1; i > 0; i--) {
		u32 j = (u32)((u64)next_random(&seed) * i >> 32);
		u32 swapped = next[i];
		next[i] = next[j];
		next[j] = swapped;
	}
	while (amount--)
		for (int i = 0; i < 1000; i++)
			at = next[at];
	return at;
}
