// SPDX-License-Identifier: MIT
/* Heap sort: no memory of its own, and no input that makes it slow. */
#include <linux/sort.h>

static void swap_bytes(void *a, void *b, int size)
{
	char *x = a, *y = b;

	for (int i = 0; i < size; i++) {
		char byte = x[i];

		x[i] = y[i];
		y[i] = byte;
	}
}

/* Lets the item at `root` sink until no child is greater. */
static void sink(char *base, size_t root, size_t count, size_t size, cmp_func_t compare, swap_func_t swap_items)
{
	for (;;) {
		size_t child = 2 * root + 1;

		if (child >= count)
			return;
		if (child + 1 < count && compare(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (compare(base + root * size, base + child * size) >= 0)
			return;
		swap_items(base + root * size, base + child * size, size);
		root = child;
	}
}

void sort(void *base, size_t count, size_t size, cmp_func_t compare, swap_func_t swap_items)
{
	if (!swap_items)
		swap_items = swap_bytes;
	for (size_t root = count / 2; root-- > 0;)
		sink(base, root, count, size, compare, swap_items);
	for (size_t last = count; last-- > 1;) {
		swap_items(base, (char *)base + last * size, size);
		sink(base, 0, last, size, compare, swap_items);
	}
}

void *bsearch(const void *key, const void *base, size_t count, size_t size, cmp_func_t compare)
{
	const char *from = base;

	while (count) {
		const char *middle = from + count / 2 * size;
		int order = compare(key, middle);

		if (order == 0)
			return (void *)middle;
		if (order > 0) {
			from = middle + size;
			count--;
		}
		count /= 2;
	}
	return NULL;
}
