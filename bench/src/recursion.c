/* SPDX-License-Identifier: MIT */
/* Takeuchi's function, which does little but call itself: tak(18, 12, 6) `amount` times. */
#include "bench.h"

unsigned long bench_recursion(unsigned long amount);

static u32 calls;

static __attribute__((noinline, noclone)) int tak(int x, int y, int z)
{
	calls++;
	return x <= y ? z : tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

unsigned long bench_recursion(unsigned long amount)
{
	u32 checksum = calls = 0;

	while (amount--)
		checksum = checksum * 31 + (u32)tak(18, 12, 6);
	return checksum ^ calls;
}
