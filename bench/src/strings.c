/* SPDX-License-Identifier: MIT */
/* Copies `amount` times 2 KiB a word at a time and measures the strings in it a byte at a time, as a C library does. */
#include "bench.h"

unsigned long bench_strings(unsigned long amount);

#define SIZE 2048

typedef unsigned long __attribute__((may_alias, aligned(1))) word;

static void copy(u8 *to, const u8 *from, unsigned size)
{
	for (; size >= sizeof(word); size -= sizeof(word), to += sizeof(word), from += sizeof(word))
		*(word *)to = *(const word *)from;
	while (size--)
		*to++ = *from++;
}

static unsigned length(const u8 *string)
{
	const u8 *end = string;
	while (*end)
		end++;
	return end - string;
}

unsigned long bench_strings(unsigned long amount)
{
	static u8 text[SIZE], copied[SIZE + 16];
	u32 seed = 1, checksum = 0;

	/* Strings of up to 63 characters. */
	for (unsigned i = 0, end = 0; i < SIZE; i++) {
		if (i == end)
			end += 1 + next_random(&seed) % 64;
		text[i] = i == end - 1 || i == SIZE - 1 ? 0 : 'a' + next_random(&seed) % 26;
	}
	for (u32 round = 0; amount--; round++) {
		/* Source and destination move against each other, so that most copies are not aligned. */
		u8 *to = copied + round % 13;
		copy(to, text, SIZE);
		for (unsigned at = 0; at < SIZE;) {
			unsigned found = length(to + at);
			checksum = checksum * 31 + found;
			at += found + 1;
		}
	}
	return checksum;
}
