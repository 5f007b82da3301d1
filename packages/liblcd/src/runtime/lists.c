// SPDX-License-Identifier: MIT
/* The checks of list_add and list_del in kernels with CONFIG_DEBUG_LIST: false forbids the change. */
#include <linux/kernel.h>
#include <lcd-domains/liblcd.h>
#include "runtime.h"

/* What a deleted entry's links are set to by the kernel's list_del. */
#define POISON_NEXT ((struct list_head *)0xdead000000000100UL)
#define POISON_PREV ((struct list_head *)0xdead000000000122UL)

bool __list_add_valid(struct list_head *entry, struct list_head *prev, struct list_head *next)
{
	if (prev && next && next->prev == prev && prev->next == next && entry != prev && entry != next)
		return true;
	lcd_printk("list_add corruption: %p between %p and %p\n", entry, prev, next);
	return false;
}

bool __list_del_entry_valid(struct list_head *entry)
{
	struct list_head *prev = entry->prev, *next = entry->next;

	if (prev && next && next != POISON_NEXT && prev != POISON_PREV && prev->next == entry && next->prev == entry)
		return true;
	lcd_printk("list_del corruption: %p between %p and %p\n", entry, prev, next);
	return false;
}
