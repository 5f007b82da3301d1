/* SPDX-License-Identifier: MIT */
/* Quicksort of 16384 random numbers, recursive, `amount` times. */
#include "bench.h"

unsigned long bench_quicksort(unsigned long amount);

#define LENGTH 16384

static void sort(u32 *values, int low, int high)
{
	while (low < high) {
		u32 pivot = values[(low + high) / 2];
		int i = low, j = high;
		while (i <= j) {
			while (values[i] < pivot)
				i++;
			while (values[j] > pivot)
				j--;
			if (i <= j) {
				u32 swapped = values[i];
				values[i++] = values[j];
				values[j--] = swapped;
			}
		}
		sort(values, low, j);
		low = i;
	}
}

unsigned long bench_quicksort(unsigned long amount)
{
	static u32 values[LENGTH];
	u32 seed = 1, checksum = 0;

	while (amount--) {
		for (int i = 0; i < LENGTH; i++)
			values[i] = next_random(&seed);
		sort(values, 0, LENGTH - 1);
		for (int i = 0; i < LENGTH; i++)
			checksum = checksum * 31 + values[i];
	}
	return checksum;
}
