/* SPDX-License-Identifier: MIT */
/* CRC-32 (IEEE 802.3), one table lookup for each byte, over `amount` KiB. */
#include "bench.h"

unsigned long bench_crc32(unsigned long amount);

unsigned long bench_crc32(unsigned long amount)
{
	static u32 table[256];
	static u8 data[1024];
	u32 seed = 1, crc = 0xffffffff;

	for (u32 i = 0; i < 256; i++) {
		u32 value = i;
		for (int bit = 0; bit < 8; bit++)
			value = value >> 1 ^ (value & 1 ? 0xedb88320 : 0);
		table[i] = value;
	}
	for (unsigned i = 0; i < sizeof data; i++)
		data[i] = next_random(&seed);
	while (amount--)
		for (unsigned i = 0; i < sizeof data; i++)
			crc = crc >> 8 ^ table[(crc ^ data[i]) & 0xff];
	return ~crc;
}
