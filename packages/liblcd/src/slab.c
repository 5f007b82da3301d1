// SPDX-License-Identifier: MIT
/*
 * Objects of one size, cut from blocks of pages. In a free object the first two
 * bytes name the next free one.
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <lcd-domains/liblcd.h>
#include "state.h"

#define SMALLEST 8u
#define MAX_SLAB_ORDER 3u
/* A slab should hold at least so many, where its order allows. */
#define WANTED_OBJECTS 4u

static int cache_setup(struct kmem_cache *cache, const char *name, size_t size, size_t align, void (*constructor)(void *))
{
	size_t stride = size < SMALLEST ? SMALLEST : size;
	unsigned int order = 0;

	if (align < SMALLEST)
		align = SMALLEST;
	stride = (stride + align - 1) & ~(align - 1);
	while (order < MAX_SLAB_ORDER && (LCD_PAGE_SIZE << order) / stride < WANTED_OBJECTS &&
	       stride > LCD_PAGE_SIZE / 2)
		order++;
	while ((LCD_PAGE_SIZE << order) < stride)
		order++;
	if (order > LCD_MAX_ORDER)
		return -EINVAL;
	*cache = (struct kmem_cache){
		.name = name,
		.size = size,
		.stride = stride,
		.objects = (LCD_PAGE_SIZE << order) / stride,
		.order = order,
		.constructor = constructor,
	};
	return 0;
}

void lcd_slab_init(void)
{
	for (unsigned int i = 0; i < LCD_KMALLOC_CACHES; i++) {
		size_t size = 1UL << (LCD_KMALLOC_SHIFT_MIN + i);

		cache_setup(&lcd_state()->kmalloc_caches[i], "kmalloc", size, size, NULL);
	}
}

/* ---- slabs ---- */

static unsigned char *object_at(const struct lcd_page *slab, unsigned int index)
{
	return (unsigned char *)lcd_page_address(slab) + (size_t)index * slab->cache->stride;
}

static void partial_insert(struct lcd_page *slab)
{
	struct kmem_cache *cache = slab->cache;

	slab->prev = NULL;
	slab->next = cache->partial;
	if (cache->partial)
		cache->partial->prev = slab;
	cache->partial = slab;
}

static void partial_remove(struct lcd_page *slab)
{
	if (slab->next)
		slab->next->prev = slab->prev;
	if (slab->prev)
		slab->prev->next = slab->next;
	else
		slab->cache->partial = slab->next;
	slab->next = slab->prev = NULL;
}

static struct lcd_page *slab_create(struct kmem_cache *cache)
{
	struct lcd_page *slab = lcd_block_take(cache->order);

	if (!slab)
		return NULL;
	slab->kind = LCD_PAGE_SLAB;
	slab->cache = cache;
	slab->in_use = 0;
	slab->first_free = 1;
	for (unsigned int i = 1; i < 1u << cache->order; i++)
		lcd_page_of(lcd_page_address(slab) + i * LCD_PAGE_SIZE)->next = slab;
	for (unsigned int i = 0; i < cache->objects; i++)
		*(u16 *)object_at(slab, i) = i + 1 < cache->objects ? i + 2 : 0;
	partial_insert(slab);
	return slab;
}

static void slab_destroy(struct lcd_page *slab)
{
	partial_remove(slab);
	for (unsigned int i = 1; i < 1u << slab->order; i++)
		lcd_page_of(lcd_page_address(slab) + i * LCD_PAGE_SIZE)->next = NULL;
	slab->kind = LCD_PAGE_BLOCK;
	slab->cache = NULL;
	lcd_block_give(slab);
}

static void *cache_take(struct kmem_cache *cache)
{
	struct lcd_page *slab = cache->partial ? cache->partial : slab_create(cache);
	unsigned char *object;

	if (!slab)
		return NULL;
	object = object_at(slab, slab->first_free - 1);
	slab->first_free = *(u16 *)object;
	slab->in_use++;
	cache->in_use++;
	if (!slab->first_free)
		partial_remove(slab);
	return object;
}

/* The slab that an object lies in; NULL: the address is not that of an object. */
static struct lcd_page *slab_of(const void *object)
{
	struct lcd_page *page = lcd_page_of((unsigned long)object);

	if (page && page->kind == LCD_PAGE_TAIL && page->next)
		page = page->next;
	if (!page || page->kind != LCD_PAGE_SLAB)
		return NULL;
	return ((unsigned long)object - lcd_page_address(page)) % page->cache->stride ? NULL : page;
}

static void cache_give(struct lcd_page *slab, void *object)
{
	unsigned int index = ((unsigned long)object - lcd_page_address(slab)) / slab->cache->stride;

	*(u16 *)object = slab->first_free;
	if (!slab->first_free)
		partial_insert(slab);
	slab->first_free = index + 1;
	slab->in_use--;
	slab->cache->in_use--;
	if (!slab->in_use)
		slab_destroy(slab);
}

/* ---- kmem_cache ---- */

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align, unsigned int flags,
				     void (*constructor)(void *))
{
	struct kmem_cache *cache;

	if (!size || (align & (align - 1)))
		return NULL;
	if (flags & SLAB_HWCACHE_ALIGN && align < 64)
		align = 64;
	cache = kmalloc(sizeof(*cache), GFP_KERNEL);
	if (cache && cache_setup(cache, name, size, align, constructor)) {
		kfree(cache);
		return NULL;
	}
	return cache;
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t flags)
{
	void *object = cache_take(cache);

	if (object && flags & __GFP_ZERO)
		memset(object, 0, cache->size);
	if (object && cache->constructor)
		cache->constructor(object);
	return object;
}

void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t flags)
{
	return kmem_cache_alloc(cache, flags | __GFP_ZERO);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	struct lcd_page *slab = slab_of(object);

	if (!object)
		return;
	if (slab && slab->cache == cache)
		cache_give(slab, object);
	else
		lcd_printk("kmem_cache_free: %p is not an object of %s\n", object, cache->name);
}

unsigned int kmem_cache_size(struct kmem_cache *cache)
{
	return cache->size;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	if (cache && cache->in_use)
		lcd_printk("kmem_cache_destroy: %lu objects of %s are in use\n", cache->in_use, cache->name);
	else
		kfree(cache);
}

/* ---- kmalloc ---- */

static unsigned int order_of(size_t size)
{
	unsigned int order = 0;

	while (order <= LCD_MAX_ORDER && (LCD_PAGE_SIZE << order) < size)
		order++;
	return order;
}

static struct kmem_cache *kmalloc_cache(size_t size)
{
	unsigned int i = 0;

	if (lcd_mem_init())
		return NULL;
	while ((1UL << (LCD_KMALLOC_SHIFT_MIN + i)) < size)
		i++;
	return &lcd_state()->kmalloc_caches[i];
}

void *kmalloc(size_t size, gfp_t flags)
{
	struct kmem_cache *cache;
	void *block;

	if (!size)
		return ZERO_SIZE_PTR;
	if (size <= 1UL << LCD_KMALLOC_SHIFT_MAX) {
		cache = kmalloc_cache(size);
		block = cache ? cache_take(cache) : NULL;
	} else {
		block = lcd_alloc_pages(order_of(size));
	}
	if (block && flags & __GFP_ZERO)
		memset(block, 0, size);
	return block;
}

void *kzalloc(size_t size, gfp_t flags)
{
	return kmalloc(size, flags | __GFP_ZERO);
}

void *kmalloc_array(size_t count, size_t size, gfp_t flags)
{
	size_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? NULL : kmalloc(bytes, flags);
}

void *kcalloc(size_t count, size_t size, gfp_t flags)
{
	return kmalloc_array(count, size, flags | __GFP_ZERO);
}

size_t ksize(const void *block)
{
	struct lcd_page *page, *slab;

	if (ZERO_OR_NULL_PTR(block))
		return 0;
	slab = slab_of(block);
	if (slab)
		return slab->cache->stride;
	page = lcd_page_of((unsigned long)block);
	if (page && page->kind == LCD_PAGE_BLOCK && lcd_page_address(page) == (unsigned long)block)
		return LCD_PAGE_SIZE << page->order;
	return 0;
}

void kfree(const void *block)
{
	struct lcd_page *slab;

	if (ZERO_OR_NULL_PTR(block))
		return;
	slab = slab_of(block);
	if (slab)
		cache_give(slab, (void *)block);
	else if (ksize(block))
		lcd_free_pages((void *)block);
	else
		lcd_printk("kfree: %p was not allocated\n", block);
}

void kfree_sensitive(const void *block)
{
	if (!ZERO_OR_NULL_PTR(block)) {
		memset((void *)block, 0, ksize(block));
		barrier();
	}
	kfree(block);
}

void *krealloc(const void *block, size_t size, gfp_t flags)
{
	size_t old = ksize(block);
	void *bigger;

	if (!size) {
		kfree(block);
		return ZERO_SIZE_PTR;
	}
	if (size <= old)
		return (void *)block;
	bigger = kmalloc(size, flags);
	if (bigger) {
		memcpy(bigger, old ? block : bigger, old);
		kfree(block);
	}
	return bigger;
}

/* ---- pages by the kernel's names ---- */

unsigned long __get_free_pages(gfp_t flags, unsigned int order)
{
	void *block = lcd_alloc_pages(order);

	if (block && flags & __GFP_ZERO)
		memset(block, 0, LCD_PAGE_SIZE << order);
	return (unsigned long)block;
}

unsigned long get_zeroed_page(gfp_t flags)
{
	return __get_free_pages(flags | __GFP_ZERO, 0);
}

void free_pages(unsigned long address, unsigned int order)
{
	if (address && ksize((void *)address) != LCD_PAGE_SIZE << order)
		lcd_printk("free_pages: 2^%u pages at 0x%lx were not allocated\n", order, address);
	else
		lcd_free_pages((void *)address);
}
