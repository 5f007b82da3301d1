// SPDX-License-Identifier: MIT
/*
 * What kmalloc(), kmem_cache_ and alloc_pages calls are compiled to by the
 * headers of Linux 6.1.
 */
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "runtime.h"

/*
 * Compiled code takes the cache for its size from this table and hands it to
 * kmalloc_trace, which goes by the size instead: the entries stay null.
 */
struct kmem_cache *kmalloc_caches[KMALLOC_TYPES][KMALLOC_SHIFTS];

void *kmalloc_trace(struct kmem_cache *cache, gfp_t flags, size_t size)
{
	return cache ? kmem_cache_alloc(cache, flags) : kmalloc(size, flags);
}

void *__kmalloc(size_t size, gfp_t flags)
{
	return kmalloc(size, flags);
}

void *kmalloc_large(size_t size, gfp_t flags)
{
	return kmalloc(size, flags);
}

void *kvmalloc_node(size_t size, gfp_t flags, int node)
{
	(void)node; /* there is one */
	return kmalloc(size, flags);
}

void kvfree(const void *block)
{
	kfree(block);
}

void *vmalloc(unsigned long size)
{
	return kmalloc(size, GFP_KERNEL);
}

void *vzalloc(unsigned long size)
{
	return kzalloc(size, GFP_KERNEL);
}

void vfree(const void *block)
{
	kfree(block);
}
