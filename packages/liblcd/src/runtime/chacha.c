// SPDX-License-Identifier: MIT
/* The block function of ChaCha (RFC 8439, section 2.3), which libchacha.ko takes from the kernel. */
#include <linux/kernel.h>
#include <linux/string.h>
#include "runtime.h"

static u32 rotate(u32 x, int bits)
{
	return x << bits | x >> (32 - bits);
}

static void quarter_round(u32 *x, int a, int b, int c, int d)
{
	x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 16);
	x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 12);
	x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 8);
	x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 7);
}

/* Columns, then diagonals. */
static void permute(u32 *x, int rounds)
{
	for (; rounds > 0; rounds -= 2) {
		for (int i = 0; i < 4; i++)
			quarter_round(x, i, i + 4, i + 8, i + 12);
		for (int i = 0; i < 4; i++)
			quarter_round(x, i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12);
	}
}

/* 64 bytes of key stream; the counter, word 12 of the state, goes up by one. */
void chacha_block_generic(u32 *state, u8 *stream, int rounds)
{
	u32 x[16];

	memcpy(x, state, sizeof(x));
	permute(x, rounds);
	for (int i = 0; i < 16; i++)
		x[i] += state[i];
	memcpy(stream, x, sizeof(x)); /* little-endian, as this processor is */
	state[12]++;
}

/* HChaCha (draft-irtf-cfrg-xchacha, section 2.2): a key from the first and the last row. */
void hchacha_block_generic(const u32 *state, u32 *key, int rounds)
{
	u32 x[16];

	memcpy(x, state, sizeof(x));
	permute(x, rounds);
	memcpy(key, x, 16);
	memcpy(key + 4, x + 12, 16);
}
