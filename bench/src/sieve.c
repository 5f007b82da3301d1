/* SPDX-License-Identifier: MIT */
/* The sieve of Eratosthenes below 2^18, `amount` times; the checksum counts and mixes the primes. */
#include "bench.h"

unsigned long bench_sieve(unsigned long amount);

#define LIMIT (1u << 18)

unsigned long bench_sieve(unsigned long amount)
{
	static u8 composite[LIMIT];
	u32 checksum = 0;

	while (amount--) {
		u32 primes = 0;
		for (u32 i = 0; i < LIMIT; i++)
			composite[i] = 0;
		for (u32 i = 2; i < LIMIT; i++) {
			if (composite[i])
				continue;
			primes++;
			for (u32 multiple = i + i; multiple < LIMIT; multiple += i)
				composite[multiple] = 1;
		}
		checksum = checksum * 31 + primes;
	}
	return checksum;
}
