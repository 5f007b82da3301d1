/* SPDX-License-Identifier: MIT */
/* `amount` thousand rounds of 32-bit multiplication, division and remainder, signed and unsigned. */
#include "bench.h"

unsigned long bench_muldiv(unsigned long amount);

unsigned long bench_muldiv(unsigned long amount)
{
	u32 seed = 1, checksum = 0;

	while (amount--)
		for (int i = 0; i < 1000; i++) {
			u32 a = next_random(&seed), b = checksum | 1;
			u32 quotient = a / b + a % (b >> 16 | 3);
			int rest = (int)(a ^ b) % (int)(b >> 9 | 5);
			checksum = quotient * 0x9e3779b1 + (u32)rest + (u32)((u64)a * b >> 32);
		}
	return checksum;
}
