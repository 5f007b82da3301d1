/* SPDX-License-Identifier: MIT */
/*
 * A workload is one file with one function, bench_<name>(amount): it does `amount` units of work and returns a
 * checksum of the result in the low 32 bits. The same source is compiled for every place that runs it, 32 and 64
 * bits; it needs nothing but the compiler. What a workload prepares, it prepares for amount 0 too, so that a run
 * with amount 0 is what to subtract.
 */
#ifndef BENCH_H
#define BENCH_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* A repeatable stream of numbers: the same everywhere. */
static inline u32 next_random(u32 *state)
{
	u32 x = *state;
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

#endif
