/* SPDX-License-Identifier: MIT */
#ifndef _LINUX_SLAB_H
#define _LINUX_SLAB_H

#include <linux/gfp.h>
#include <linux/types.h>

/* What a request for no bytes gets: not NULL, and not to be touched. */
#define ZERO_SIZE_PTR ((void *)16)
#define ZERO_OR_NULL_PTR(pointer) ((unsigned long)(pointer) <= (unsigned long)ZERO_SIZE_PTR)

/*
 * Memory by the byte. A size that is a power of two is aligned to itself, any
 * other to 8 bytes at least. NULL: no memory, or a product that overflows.
 */
void *kmalloc(size_t size, gfp_t flags);
void *kzalloc(size_t size, gfp_t flags);
void *kmalloc_array(size_t count, size_t size, gfp_t flags);
void *kcalloc(size_t count, size_t size, gfp_t flags);

/* Moves to a larger or smaller block; the old one stays as it is when NULL is returned. */
void *krealloc(const void *block, size_t size, gfp_t flags);
void kfree(const void *block);

/* Clears the block before it is freed. */
void kfree_sensitive(const void *block);

/* How many bytes a block really has. */
size_t ksize(const void *block);

/* Objects of one size. */
struct kmem_cache;

#define SLAB_HWCACHE_ALIGN 0x00002000U
#define SLAB_PANIC 0x00040000U

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align, unsigned int flags,
				     void (*constructor)(void *));
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t flags);
void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t flags);
void kmem_cache_free(struct kmem_cache *cache, void *object);
unsigned int kmem_cache_size(struct kmem_cache *cache);

/* All objects must have been freed; else says so and keeps the cache. */
void kmem_cache_destroy(struct kmem_cache *cache);

#define KMEM_CACHE(type, flags) \
	kmem_cache_create(#type, sizeof(struct type), __alignof__(struct type), flags, NULL)

#endif
