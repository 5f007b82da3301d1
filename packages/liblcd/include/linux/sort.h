/* SPDX-License-Identifier: MIT */
#ifndef _LINUX_SORT_H
#define _LINUX_SORT_H

#include <linux/types.h>

typedef int (*cmp_func_t)(const void *a, const void *b);
typedef void (*swap_func_t)(void *a, void *b, int size);

/* Sorts in place, equals in no particular order; without a swap function bytes are swapped. */
void sort(void *base, size_t count, size_t size, cmp_func_t compare, swap_func_t swap_items);

/* An element that compares equal, in a sorted array; NULL: there is none. */
void *bsearch(const void *key, const void *base, size_t count, size_t size, cmp_func_t compare);

#endif
