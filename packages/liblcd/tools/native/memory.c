// SPDX-License-Identifier: MIT
/* kmalloc and its family: every block is filled with a pattern of its own, which must be there when it is freed. */
#include <errno.h>
#include "harness.h"

void *k_kmalloc(size_t size, unsigned int flags);
void *k_kzalloc(size_t size, unsigned int flags);
void *k_kcalloc(size_t count, size_t size, unsigned int flags);
void *k_krealloc(const void *block, size_t size, unsigned int flags);
void k_kfree(const void *block);
size_t k_ksize(const void *block);
char *k_kstrdup(const char *text, unsigned int flags);
struct kmem_cache;
struct kmem_cache *k_kmem_cache_create(const char *name, unsigned int size, unsigned int align, unsigned int flags,
				       void (*constructor)(void *));
void *k_kmem_cache_alloc(struct kmem_cache *cache, unsigned int flags);
void k_kmem_cache_free(struct kmem_cache *cache, void *object);
void k_kmem_cache_destroy(struct kmem_cache *cache);
void *k_lcd_alloc_pages(unsigned int order);
void k_lcd_free_pages(void *block);
int k_lcd_enter(void);

#define BLOCKS 600

static struct block {
	unsigned char *bytes;
	size_t size;
	unsigned char pattern;
	struct kmem_cache *cache;
} blocks[BLOCKS];

static void check_pattern(const struct block *block, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (block->bytes[i] != block->pattern)
			failed("byte %zu of a block of %zu has changed", i, block->size);
}

static void fill(struct block *block)
{
	block->pattern = (unsigned char)next_random();
	memset(block->bytes, block->pattern, block->size);
}

static size_t some_size(void)
{
	return below(8) ? 1 + below(600) : 1 + below(below(8) ? 9000 : 200000);
}

static void release(struct block *block)
{
	check_pattern(block, block->size);
	if (block->cache)
		k_kmem_cache_free(block->cache, block->bytes);
	else
		k_kfree(block->bytes);
	*block = (struct block){ 0 };
}

static void acquire(struct block *block)
{
	bool zeroed = below(2);

	block->size = some_size();
	block->bytes = zeroed ? k_kzalloc(block->size, 0) : k_kmalloc(block->size, 0);
	CHECK(block->bytes);
	CHECK(k_ksize(block->bytes) >= block->size);
	CHECK((uintptr_t)block->bytes % 8 == 0);
	if ((block->size & (block->size - 1)) == 0)
		CHECK((uintptr_t)block->bytes % (block->size < 4096 ? block->size : 4096) == 0);
	if (zeroed) {
		block->pattern = 0;
		check_pattern(block, block->size);
	}
	fill(block);
}

static void resize(struct block *block)
{
	size_t size = some_size();
	unsigned char *moved = k_krealloc(block->bytes, size, 0);

	CHECK(moved);
	block->bytes = moved;
	check_pattern(block, size < block->size ? size : block->size);
	block->size = size;
	fill(block);
}

static unsigned int constructed;

static void constructor(void *object)
{
	(void)object;
	constructed++;
}

static void random_rounds(struct kmem_cache *caches[], const unsigned int sizes[], int count)
{
	for (int round = 0; round < 60000; round++) {
		struct block *block = &blocks[below(BLOCKS)];

		if (block->bytes && !block->cache && !below(4)) {
			resize(block);
		} else if (block->bytes) {
			release(block);
		} else if (!below(3)) {
			int which = (int)below((unsigned int)count);

			block->cache = caches[which];
			block->size = sizes[which];
			block->bytes = k_kmem_cache_alloc(block->cache, 0);
			CHECK(block->bytes);
			fill(block);
		} else {
			acquire(block);
		}
	}
	for (int i = 0; i < BLOCKS; i++)
		if (blocks[i].bytes)
			release(&blocks[i]);
}

static void random_use(void)
{
	static const unsigned int sizes[] = { 1, 24, 100, 700, 1500, 3000, 5000 };
	struct kmem_cache *caches[7];
	unsigned long taken, calls;

	machine_reset(30000);
	CHECK(k_lcd_enter() == 0);
	for (int i = 0; i < 7; i++) {
		caches[i] = k_kmem_cache_create("test", sizes[i], i == 2 ? 64 : 0, 0, i == 1 ? constructor : NULL);
		CHECK(caches[i]);
	}
	random_rounds(caches, sizes, 7);
	CHECK(constructed > 0);
	taken = machine_pages_taken();
	/* All is free: the largest blocks can be had again without a new page, as what was split has been joined. */
	calls = machine_syscalls();
	random_rounds(caches, sizes, 7);
	CHECK(machine_pages_taken() <= taken + taken / 4);
	for (int i = 0; i < 7; i++)
		k_kmem_cache_destroy(caches[i]);
	CHECK(!strcmp(machine_console(), ""));
	CHECK(machine_syscalls() - calls < 600);
}

static void joins_what_is_free(void)
{
	void *pages[16];
	unsigned long taken;

	machine_reset(100);
	for (int i = 0; i < 16; i++)
		CHECK((pages[i] = k_lcd_alloc_pages(0)) != NULL);
	taken = machine_pages_taken();
	CHECK(taken == 17); /* 16 pages, and one of what is known about them */
	for (int i = 0; i < 16; i++)
		k_lcd_free_pages(pages[(i * 7) % 16]);
	CHECK((pages[0] = k_lcd_alloc_pages(4)) != NULL);
	CHECK(machine_pages_taken() == taken);
	CHECK((uintptr_t)pages[0] % 0x10000 == 0);
}

static void runs_out(void)
{
	void *first, *block;
	int count = 0;

	machine_reset(40);
	first = k_kmalloc(64, 0);
	CHECK(first);
	while ((block = k_kmalloc(4096, 0)) != NULL) {
		memset(block, 1, 4096);
		count++;
	}
	CHECK(count == 38); /* one page was for the 64 bytes, one for what is known about pages */
	CHECK(k_kmalloc(3 << 20, 0) == NULL && k_kmalloc(~0UL, 0) == NULL);
	CHECK(k_kmalloc(64, 0) != NULL); /* still in the first slab */
	CHECK(k_kcalloc(1UL << 33, 1UL << 33, 0) == NULL);
	k_kfree(first);
	CHECK(!strcmp(machine_console(), ""));
	/* Without a single page. */
	machine_reset(0);
	CHECK(k_kmalloc(8, 0) == NULL && k_lcd_alloc_pages(3) == NULL);
	/* A domain that somebody else has set up. */
	machine_reset(40);
	boot_info()->magic++;
	CHECK(k_lcd_enter() == -EINVAL && k_kmalloc(8, 0) == NULL);
}

static void refuses_nonsense(void)
{
	char *text;

	machine_reset(400);
	text = k_kstrdup("some text", 0);
	CHECK(!strcmp(text, "some text") && k_kstrdup(NULL, 0) == NULL);
	k_kfree(NULL);
	k_kfree(k_kmalloc(0, 0));
	CHECK(k_ksize(NULL) == 0 && !strcmp(machine_console(), ""));
	k_kfree(text + 1);
	CHECK(strstr(machine_console(), "was not allocated"));
	k_kfree((void *)0x12345678);
	k_kfree((void *)0xffffffffffff0000);
	k_kfree(&blocks);
	k_lcd_free_pages((void *)HEAP_START);
	CHECK(!strcmp(text, "some text"));
	k_kfree(text);
}

int test_memory(void)
{
	random_use();
	joins_what_is_free();
	runs_out();
	refuses_nonsense();
	return 4;
}
