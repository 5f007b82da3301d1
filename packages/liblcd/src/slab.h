/* SPDX-License-Identifier: MIT */
/* Memory of a domain: blocks of pages (block.c), and objects cut from them (slab.c). */
#ifndef LIBLCD_SLAB_H
#define LIBLCD_SLAB_H

#include <linux/types.h>
#include <lcd-domains/liblcd-config.h>

/* kmalloc has a cache for each power of two from 8 to 2048; above, whole pages. */
#define LCD_KMALLOC_SHIFT_MIN 3
#define LCD_KMALLOC_SHIFT_MAX 11
#define LCD_KMALLOC_CACHES (LCD_KMALLOC_SHIFT_MAX - LCD_KMALLOC_SHIFT_MIN + 1)

enum lcd_page_kind {
	LCD_PAGE_NOT_OURS = 0,	/* not memory of the heap */
	LCD_PAGE_FREE,		/* first of a free block, in the list of its order */
	LCD_PAGE_BLOCK,		/* first of a block that somebody has */
	LCD_PAGE_SLAB,		/* first of a block that is cut into objects */
	LCD_PAGE_TAIL,		/* not the first of anything; of a slab, `next` is the first */
};

/* What is known about one page of the heap. */
struct lcd_page {
	u32 number;			/* gpa >> LCD_PAGE_SHIFT */
	u32 kind : 4;			/* enum lcd_page_kind */
	u32 order : 4;			/* of the block that starts here */
	u32 in_use : 12;		/* slab: objects handed out */
	u32 first_free : 12;		/* slab: number + 1 of the first free object, 0 when full */
	struct kmem_cache *cache;	/* slab: whose objects */
	struct lcd_page *next, *prev;	/* free block: list of its order; slab: slabs with free objects */
};

_Static_assert(sizeof(struct lcd_page) == 32, "128 of them in a page");

struct kmem_cache {
	const char *name;
	u32 size;			/* what was asked for */
	u32 stride;			/* from one object to the next */
	u16 objects;			/* in one slab */
	u8 order;			/* of one slab */
	void (*constructor)(void *object);
	struct lcd_page *partial;	/* slabs with free objects */
	unsigned long in_use;
};

/* The first page of a block of 2^order pages, kind LCD_PAGE_BLOCK; NULL: no memory. */
struct lcd_page *lcd_block_take(unsigned int order);
void lcd_block_give(struct lcd_page *first);

/* NULL: the address is not in the heap. */
struct lcd_page *lcd_page_of(unsigned long address);

static inline unsigned long lcd_page_address(const struct lcd_page *page)
{
	return (unsigned long)page->number << LCD_PAGE_SHIFT;
}

void lcd_slab_init(void);

#endif
