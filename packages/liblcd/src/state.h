/* SPDX-License-Identifier: MIT */
/*
 * What liblcd remembers. It lies in the boot pages, not in the data of a module:
 * every module of a domain has liblcd linked into it, and all of them must see
 * the same slots and the same memory. The creator leaves it zeroed.
 */
#ifndef LIBLCD_STATE_H
#define LIBLCD_STATE_H

#include <linux/types.h>
#include <lcd-domains/liblcd-config.h>
#include "slab.h"

/* Slots of a table at level n: eight times those of level n - 1, as each table has eight children. */
#define LCD_CPTRS_AT_LEVEL(level) (1UL << (LCD_CPTR_SLOT_BITS + LCD_CPTR_FANOUT_BITS * (level)))
#define LCD_CPTR_COUNT \
	(LCD_CPTRS_AT_LEVEL(0) + LCD_CPTRS_AT_LEVEL(1) + LCD_CPTRS_AT_LEVEL(2) + LCD_CPTRS_AT_LEVEL(3))

struct lcd_state {
	bool cptrs_ready;
	bool memory_ready;
	u32 heap_base;			/* number of the first page that the directory knows */
	u64 slots_in_use[(LCD_CPTR_COUNT + 63) / 64];
	struct lcd_page *free_blocks[LCD_MAX_ORDER + 1];
	struct kmem_cache kmalloc_caches[LCD_KMALLOC_CACHES];
};

_Static_assert(sizeof(struct lcd_state) <= LCD_PAGE_SIZE, "liblcd's state fits its boot page");

static inline struct lcd_state *lcd_state(void)
{
	return (struct lcd_state *)LCD_BOOT_LIBLCD;
}

#endif
