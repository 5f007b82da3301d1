/* SPDX-License-Identifier: MIT */
/*
 * `amount` times over 4 KiB, with SSE2: blends two images of bytes by their weights in 16-bit lanes, saturates, picks
 * the larger bytes, and sums the absolute differences.
 */
#include "bench.h"

unsigned long bench_vectors(unsigned long amount);

#define SIZE 4096

typedef char bytes __attribute__((vector_size(16)));
typedef short words __attribute__((vector_size(16)));
typedef long long quads __attribute__((vector_size(16)));

unsigned long bench_vectors(unsigned long amount)
{
	static union { u8 byte[SIZE]; bytes vector[SIZE / 16]; } one, two;
	const bytes zero = { 0 };
	const words all = { 256, 256, 256, 256, 256, 256, 256, 256 };
	words weight = { 17, 44, 71, 98, 125, 152, 179, 206 };
	quads sum = { 0 };
	u32 seed = 1;

	for (unsigned i = 0; i < SIZE; i++) {
		one.byte[i] = next_random(&seed);
		two.byte[i] = next_random(&seed);
	}
	while (amount--) {
		for (unsigned i = 0; i < SIZE / 16; i++) {
			bytes a = one.vector[i], b = two.vector[i];
			words low = (words)__builtin_ia32_punpcklbw128(a, zero) * weight +
				    (words)__builtin_ia32_punpcklbw128(b, zero) * (all - weight);
			words high = (words)__builtin_ia32_punpckhbw128(a, zero) * weight +
				     (words)__builtin_ia32_punpckhbw128(b, zero) * (all - weight);
			bytes blended = __builtin_ia32_packuswb128(__builtin_ia32_psrlwi128(low, 8),
								   __builtin_ia32_psrlwi128(high, 8));
			bytes larger = __builtin_ia32_pmaxub128(blended, a);
			sum += (quads)__builtin_ia32_psadbw128(larger, b);
			one.vector[i] = __builtin_ia32_paddusb128(blended, (bytes)(larger == a) & 3);
		}
		weight = __builtin_ia32_pshuflw(weight, 0x39) ^ (words)__builtin_ia32_pslldqi128(sum, 120);
		weight &= 255;
	}
	return (u32)(sum[0] ^ sum[1] << 7 ^ one.byte[amount & 15]);
}
