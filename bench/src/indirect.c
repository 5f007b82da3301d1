/* SPDX-License-Identifier: MIT */
/* `amount` thousand calls through a table of functions that calculate with 64 bits. */
#include "bench.h"

unsigned long bench_indirect(unsigned long amount);

typedef u64 operation(u64 a, u64 b);

static u64 add(u64 a, u64 b) { return a + b; }
static u64 subtract(u64 a, u64 b) { return a - (b << 1 | 1); }
static u64 multiply(u64 a, u64 b) { return a * (b | 1); }
static u64 exclusive_or(u64 a, u64 b) { return a ^ b >> 7; }
static u64 rotate(u64 a, u64 b) { return (a << 13 | a >> 51) + b; }
static u64 select(u64 a, u64 b) { return a > b ? a - b : b - a + 0x9e3779b97f4a7c15; }
static u64 fold(u64 a, u64 b) { return (a ^ a >> 29) * 0xbf58476d1ce4e5b9 + b; }
static u64 mix(u64 a, u64 b) { return (a & b) + (a | b) * 3; }

unsigned long bench_indirect(unsigned long amount)
{
	static operation *const operations[] = { add, subtract, multiply, exclusive_or, rotate, select, fold, mix };
	u64 a = 0x0123456789abcdef, b = 0xfedcba9876543210;

	while (amount--)
		for (int i = 0; i < 1000; i++) {
			u64 result = operations[(a ^ i) % COUNT_OF(operations)](a, b);
			b = a;
			a = result;
		}
	return (u32)(a ^ a >> 32 ^ b);
}
