// SPDX-License-Identifier: MIT
/*
 * Blocks of 2^order pages, each aligned to its size: split when a smaller one
 * is wanted, joined with its other half when both are free. What is not there
 * is asked of the microkernel, and then kept.
 */
#include <linux/errno.h>
#include <lcd-domains/liblcd.h>
#include "state.h"

/* Ask for at least 2^GROW_ORDER pages at a time: a capability and a syscall serve many requests. */
#define GROW_ORDER 4

#define PAGES_PER_LEAF (LCD_PAGE_SIZE / sizeof(struct lcd_page))
#define LEAVES (2 * LCD_PAGE_SIZE / sizeof(struct lcd_page *))

static struct lcd_page **directory(void)
{
	return (struct lcd_page **)LCD_BOOT_DIRECTORY;
}

static struct lcd_page *page_numbered(unsigned long number)
{
	unsigned long index = number - lcd_state()->heap_base;
	struct lcd_page *leaf;

	if (index / PAGES_PER_LEAF >= LEAVES)
		return NULL;
	leaf = directory()[index / PAGES_PER_LEAF];
	return leaf ? &leaf[index % PAGES_PER_LEAF] : NULL;
}

struct lcd_page *lcd_page_of(unsigned long address)
{
	return page_numbered(address >> LCD_PAGE_SHIFT);
}

static void list_insert(struct lcd_page *page, unsigned int order)
{
	struct lcd_page **head = &lcd_state()->free_blocks[order];

	page->kind = LCD_PAGE_FREE;
	page->order = order;
	page->prev = NULL;
	page->next = *head;
	if (*head)
		(*head)->prev = page;
	*head = page;
}

static void list_remove(struct lcd_page *page)
{
	if (page->next)
		page->next->prev = page->prev;
	if (page->prev)
		page->prev->next = page->next;
	else
		lcd_state()->free_blocks[page->order] = page->next;
	page->kind = LCD_PAGE_TAIL;
	page->next = page->prev = NULL;
}

/* New pages from the microkernel, mapped at one address in both spaces. */
static int fresh_pages(unsigned int order, unsigned long *address_out)
{
	cptr_t slot;
	gpa_t gpa;
	int ret = lcd_pages_alloc(order, &slot);

	if (ret)
		return ret;
	ret = lcd_reserve_gpa(order, &gpa);
	if (ret)
		return ret;
	ret = lcd_page_map(slot, gpa);
	if (ret)
		return ret;
	ret = lcd_map_gva(__gva(gpa_val(gpa)), gpa, 1UL << order);
	if (ret) {
		lcd_page_unmap(slot);
		return ret;
	}
	*address_out = gpa_val(gpa);
	return 0;
}

/* Makes sure that the directory knows every page from `number` on. */
static int extend_directory(unsigned long number, unsigned long pages)
{
	unsigned long first = (number - lcd_state()->heap_base) / PAGES_PER_LEAF;
	unsigned long last = (number + pages - 1 - lcd_state()->heap_base) / PAGES_PER_LEAF;

	if (last >= LEAVES)
		return -ENOMEM;
	for (unsigned long leaf = first; leaf <= last; leaf++) {
		unsigned long address;
		int ret;

		if (directory()[leaf])
			continue;
		ret = fresh_pages(0, &address);
		if (ret)
			return ret;
		directory()[leaf] = (struct lcd_page *)address;
	}
	return 0;
}

static int grow(unsigned int order)
{
	unsigned long address, number;
	int ret = fresh_pages(order, &address);

	if (ret)
		return ret;
	number = address >> LCD_PAGE_SHIFT;
	ret = extend_directory(number, 1UL << order);
	if (ret)
		return ret;
	for (unsigned long i = 0; i < 1UL << order; i++) {
		struct lcd_page *page = page_numbered(number + i);

		page->number = number + i;
		page->kind = LCD_PAGE_TAIL;
	}
	list_insert(page_numbered(number), order);
	return 0;
}

static struct lcd_page *take_free(unsigned int order)
{
	struct lcd_page *page;
	unsigned int from = order;

	while (from <= LCD_MAX_ORDER && !lcd_state()->free_blocks[from])
		from++;
	if (from > LCD_MAX_ORDER)
		return NULL;
	page = lcd_state()->free_blocks[from];
	list_remove(page);
	while (from > order) {
		from--;
		list_insert(page_numbered(page->number + (1UL << from)), from);
	}
	page->kind = LCD_PAGE_BLOCK;
	page->order = order;
	return page;
}

struct lcd_page *lcd_block_take(unsigned int order)
{
	struct lcd_page *page;

	if (order > LCD_MAX_ORDER || lcd_mem_init())
		return NULL;
	page = take_free(order);
	if (page)
		return page;
	if (order < GROW_ORDER && grow(GROW_ORDER) == 0)
		return take_free(order);
	return grow(order) == 0 ? take_free(order) : NULL;
}

void lcd_block_give(struct lcd_page *first)
{
	unsigned int order = first->order;

	while (order < LCD_MAX_ORDER) {
		struct lcd_page *half = page_numbered(first->number ^ (1UL << order));

		if (!half || half->kind != LCD_PAGE_FREE || half->order != order)
			break;
		list_remove(half);
		first->kind = LCD_PAGE_TAIL;
		if (half->number < first->number)
			first = half;
		order++;
	}
	list_insert(first, order);
}

int lcd_mem_init(void)
{
	struct lcd_state *state = lcd_state();

	if (lcd_boot_info()->magic != LCD_BOOT_MAGIC)
		return -EINVAL;
	if (state->memory_ready)
		return 0;
	state->heap_base = lcd_boot_info()->heap_start >> LCD_PAGE_SHIFT;
	lcd_slab_init();
	state->memory_ready = true;
	return 0;
}

void *lcd_alloc_pages(unsigned int order)
{
	struct lcd_page *page = lcd_block_take(order);

	return page ? (void *)lcd_page_address(page) : NULL;
}

void lcd_free_pages(void *block)
{
	struct lcd_page *page = lcd_page_of((unsigned long)block);

	if (!block)
		return;
	if (page && page->kind == LCD_PAGE_BLOCK && lcd_page_address(page) == (unsigned long)block)
		lcd_block_give(page);
	else
		lcd_printk("lcd_free_pages: %p is not a block of pages\n", block);
}
