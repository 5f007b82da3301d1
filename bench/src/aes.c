/* SPDX-License-Identifier: MIT */
/*
 * AES-128 (FIPS 197) in cipher block chaining mode over `amount` KiB. SubBytes, ShiftRows and MixColumns of a column
 * are four lookups in tables, which are computed from the field's arithmetic first.
 */
#include "bench.h"

unsigned long bench_aes(unsigned long amount);

#define ROUNDS 10

static u8 substitution[256];
static u32 columns[4][256];

static u8 times_x(u8 a)
{
	return a << 1 ^ (a & 0x80 ? 0x1b : 0);
}

static u32 rotate_left(u32 x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static void make_tables(void)
{
	u8 power[256], log[256];
	u8 value = 1;

	/* Powers of x + 1, which generates the field's multiplicative group. */
	for (unsigned i = 0; i < 255; i++) {
		power[i] = value;
		log[value] = i;
		value ^= times_x(value);
	}
	for (unsigned i = 0; i < 256; i++) {
		u8 inverse = i == 0 ? 0 : power[(255 - log[i]) % 255], s = 0x63;
		for (int bit = 0; bit < 5; bit++)
			s ^= inverse << bit | inverse >> (8 - bit);
		substitution[i] = s;
		/* The matrix of MixColumns: 2, 1, 1, 3 from the top, here from the lowest byte. */
		columns[0][i] = times_x(s) | (u32)s << 8 | (u32)s << 16 | (u32)(times_x(s) ^ s) << 24;
		for (int row = 1; row < 4; row++)
			columns[row][i] = rotate_left(columns[0][i], 8 * row);
	}
}

static u32 substitute(u32 word)
{
	return substitution[word & 255] | substitution[word >> 8 & 255] << 8 | substitution[word >> 16 & 255] << 16 |
	       (u32)substitution[word >> 24] << 24;
}

static void expand_key(u32 keys[4 * (ROUNDS + 1)])
{
	u8 constant = 1;
	for (int i = 4; i < 4 * (ROUNDS + 1); i++) {
		u32 before = keys[i - 1];
		if (i % 4 == 0) {
			before = substitute(rotate_left(before, 24)) ^ constant;
			constant = times_x(constant);
		}
		keys[i] = keys[i - 4] ^ before;
	}
}

static void encrypt(u32 block[4], const u32 *keys)
{
	u32 a = block[0] ^ keys[0], b = block[1] ^ keys[1], c = block[2] ^ keys[2], d = block[3] ^ keys[3];

#define COLUMN(p, q, r, s) \
	(columns[0][(p) & 255] ^ columns[1][(q) >> 8 & 255] ^ columns[2][(r) >> 16 & 255] ^ columns[3][(s) >> 24])
	for (int round = 1; round < ROUNDS; round++) {
		u32 e = COLUMN(a, b, c, d), f = COLUMN(b, c, d, a), g = COLUMN(c, d, a, b), h = COLUMN(d, a, b, c);
		keys += 4;
		a = e ^ keys[0], b = f ^ keys[1], c = g ^ keys[2], d = h ^ keys[3];
	}
#undef COLUMN
#define LAST(p, q, r, s) (((p) & 255) | ((q) & 0xff00) | ((r) & 0xff0000) | ((s) & 0xff000000))
	block[0] = substitute(LAST(a, b, c, d)) ^ keys[4];
	block[1] = substitute(LAST(b, c, d, a)) ^ keys[5];
	block[2] = substitute(LAST(c, d, a, b)) ^ keys[6];
	block[3] = substitute(LAST(d, a, b, c)) ^ keys[7];
#undef LAST
}

unsigned long bench_aes(unsigned long amount)
{
	/* Key and first block are those of FIPS 197, appendix B. */
	u32 keys[4 * (ROUNDS + 1)] = { 0x16157e2b, 0xa6d2ae28, 0x8815f7ab, 0x3c4fcf09 };
	u32 block[4] = { 0xa8f64332, 0x8d305a88, 0xa2983131, 0x340737e0 };
	static u32 data[256];
	u32 seed = 1;

	make_tables();
	expand_key(keys);
	for (unsigned i = 0; i < COUNT_OF(data); i++)
		data[i] = next_random(&seed);
	encrypt(block, keys);
	while (amount--)
		for (unsigned i = 0; i < COUNT_OF(data); i += 4) {
			for (unsigned word = 0; word < 4; word++)
				block[word] ^= data[i + word];
			encrypt(block, keys);
		}
	return block[0];
}
