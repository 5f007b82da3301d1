/* SPDX-License-Identifier: MIT */
/* What only modules that were built by Kbuild call; the rest is declared in include/linux/. */
#ifndef LCD_RUNTIME_H
#define LCD_RUNTIME_H

#include <linux/compiler.h>
#include <linux/slab.h>
#include <linux/types.h>

/* Rows and columns of kmalloc_caches in Debian's kernel for amd64. */
#define KMALLOC_TYPES 4
#define KMALLOC_SHIFTS 14

extern struct kmem_cache *kmalloc_caches[KMALLOC_TYPES][KMALLOC_SHIFTS];
void *kmalloc_trace(struct kmem_cache *cache, gfp_t flags, size_t size);
void *__kmalloc(size_t size, gfp_t flags);
void *kmalloc_large(size_t size, gfp_t flags);
void *kvmalloc_node(size_t size, gfp_t flags, int node);
void kvfree(const void *block);
void *vmalloc(unsigned long size);
void *vzalloc(unsigned long size);
void vfree(const void *block);

__noreturn void __stack_chk_fail(void);
__noreturn void fortify_panic(const char *name);
__noreturn __printf(1, 2) void panic(const char *format, ...);
__printf(1, 2) void __warn_printk(const char *format, ...);

bool __list_add_valid(struct list_head *entry, struct list_head *prev, struct list_head *next);
bool __list_del_entry_valid(struct list_head *entry);

struct mutex;
void __mutex_init(struct mutex *lock, const char *name, void *key);
void mutex_lock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);
int mutex_trylock(struct mutex *lock);
bool mutex_is_locked(struct mutex *lock);

extern int fips_enabled;
extern const unsigned char _ctype[256];
unsigned long __crypto_memneq(const void *a, const void *b, size_t length);
void __crypto_xor(u8 *to, const u8 *a, const u8 *b, unsigned int length);
void chacha_block_generic(u32 *state, u8 *stream, int rounds);
void hchacha_block_generic(const u32 *state, u32 *key, int rounds);
void crypto_inc(u8 *counter, unsigned int length);

/* The names by which instrumented code asks for the plain functions. */
void *__memcpy(void *to, const void *from, size_t length);
void *__memmove(void *to, const void *from, size_t length);
void *__memset(void *to, int byte, size_t length);
void memzero_explicit(void *bytes, size_t length);

#endif
