// SPDX-License-Identifier: MIT
/* lcd-runtime.ko: what the host offers to every module. */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include "runtime.h"

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("What every module may import");

/* Functions that only assembly code defines. */
void __lcd_start(void);
void __fentry__(void);
void __x86_return_thunk(void);
extern char __x86_indirect_thunk_array[];

EXPORT_SYMBOL(__lcd_start);
EXPORT_SYMBOL(__fentry__);
EXPORT_SYMBOL(__x86_return_thunk);
EXPORT_SYMBOL(__x86_indirect_thunk_array);

#define EXPORT_THUNK(reg) void __x86_indirect_thunk_##reg(void); EXPORT_SYMBOL(__x86_indirect_thunk_##reg)
EXPORT_THUNK(rax);
EXPORT_THUNK(rcx);
EXPORT_THUNK(rdx);
EXPORT_THUNK(rbx);
EXPORT_THUNK(rsp);
EXPORT_THUNK(rbp);
EXPORT_THUNK(rsi);
EXPORT_THUNK(rdi);
EXPORT_THUNK(r8);
EXPORT_THUNK(r9);
EXPORT_THUNK(r10);
EXPORT_THUNK(r11);
EXPORT_THUNK(r12);
EXPORT_THUNK(r13);
EXPORT_THUNK(r14);
EXPORT_THUNK(r15);

EXPORT_SYMBOL(__stack_chk_fail);
EXPORT_SYMBOL(fortify_panic);
EXPORT_SYMBOL(panic);
EXPORT_SYMBOL(__warn_printk);
EXPORT_SYMBOL(_printk);

EXPORT_SYMBOL(memcpy);
EXPORT_SYMBOL(memmove);
EXPORT_SYMBOL(memset);
EXPORT_SYMBOL(memcmp);
EXPORT_SYMBOL(memchr);
EXPORT_SYMBOL(memchr_inv);
EXPORT_SYMBOL(memzero_explicit);

EXPORT_SYMBOL(__memcpy);
EXPORT_SYMBOL(__memmove);
EXPORT_SYMBOL(__memset);

EXPORT_SYMBOL(strlen);
EXPORT_SYMBOL(strnlen);
EXPORT_SYMBOL(strcmp);
EXPORT_SYMBOL(strncmp);
EXPORT_SYMBOL(strcasecmp);
EXPORT_SYMBOL(strncasecmp);
EXPORT_SYMBOL(strcpy);
EXPORT_SYMBOL(strncpy);
EXPORT_SYMBOL(strlcpy);
EXPORT_SYMBOL(strscpy);
EXPORT_SYMBOL(strcat);
EXPORT_SYMBOL(strncat);
EXPORT_SYMBOL(strlcat);
EXPORT_SYMBOL(strchr);
EXPORT_SYMBOL(strrchr);
EXPORT_SYMBOL(strstr);
EXPORT_SYMBOL(strspn);
EXPORT_SYMBOL(strcspn);
EXPORT_SYMBOL(strpbrk);
EXPORT_SYMBOL(strsep);
EXPORT_SYMBOL(skip_spaces);
EXPORT_SYMBOL(kstrdup);
EXPORT_SYMBOL(kstrndup);
EXPORT_SYMBOL(kmemdup);
EXPORT_SYMBOL(_ctype);

EXPORT_SYMBOL(vsnprintf);
EXPORT_SYMBOL(snprintf);
EXPORT_SYMBOL(vscnprintf);
EXPORT_SYMBOL(scnprintf);
EXPORT_SYMBOL(vsprintf);
EXPORT_SYMBOL(sprintf);

EXPORT_SYMBOL(kstrtoull);
EXPORT_SYMBOL(kstrtoll);
EXPORT_SYMBOL(kstrtouint);
EXPORT_SYMBOL(kstrtoint);
EXPORT_SYMBOL(kstrtou16);
EXPORT_SYMBOL(kstrtos16);
EXPORT_SYMBOL(kstrtou8);
EXPORT_SYMBOL(kstrtos8);
EXPORT_SYMBOL(kstrtobool);

EXPORT_SYMBOL(kmalloc_caches);
EXPORT_SYMBOL(kmalloc_trace);
EXPORT_SYMBOL(__kmalloc);
EXPORT_SYMBOL(kmalloc_large);
EXPORT_SYMBOL(kvmalloc_node);
EXPORT_SYMBOL(krealloc);
EXPORT_SYMBOL(kfree);
EXPORT_SYMBOL(kfree_sensitive);
EXPORT_SYMBOL(kvfree);
EXPORT_SYMBOL(ksize);
EXPORT_SYMBOL(vmalloc);
EXPORT_SYMBOL(vzalloc);
EXPORT_SYMBOL(vfree);
EXPORT_SYMBOL(kmem_cache_create);
EXPORT_SYMBOL(kmem_cache_alloc);
EXPORT_SYMBOL(kmem_cache_free);
EXPORT_SYMBOL(kmem_cache_size);
EXPORT_SYMBOL(kmem_cache_destroy);
EXPORT_SYMBOL(__get_free_pages);
EXPORT_SYMBOL(get_zeroed_page);
EXPORT_SYMBOL(free_pages);

EXPORT_SYMBOL(__list_add_valid);
EXPORT_SYMBOL(__list_del_entry_valid);
EXPORT_SYMBOL(__mutex_init);
EXPORT_SYMBOL(mutex_lock);
EXPORT_SYMBOL(mutex_trylock);
EXPORT_SYMBOL(mutex_unlock);
EXPORT_SYMBOL(mutex_is_locked);

EXPORT_SYMBOL(bsearch);
EXPORT_SYMBOL(sort);

EXPORT_SYMBOL(fips_enabled);
EXPORT_SYMBOL(__crypto_memneq);
EXPORT_SYMBOL(__crypto_xor);
EXPORT_SYMBOL(crypto_inc);
EXPORT_SYMBOL(chacha_block_generic);
EXPORT_SYMBOL(hchacha_block_generic);

EXPORT_SYMBOL(param_ops_byte);
EXPORT_SYMBOL(param_ops_short);
EXPORT_SYMBOL(param_ops_ushort);
EXPORT_SYMBOL(param_ops_int);
EXPORT_SYMBOL(param_ops_uint);
EXPORT_SYMBOL(param_ops_hexint);
EXPORT_SYMBOL(param_ops_long);
EXPORT_SYMBOL(param_ops_ulong);
EXPORT_SYMBOL(param_ops_ullong);
EXPORT_SYMBOL(param_ops_charp);
EXPORT_SYMBOL(param_ops_bool);
EXPORT_SYMBOL(param_ops_invbool);
EXPORT_SYMBOL(param_ops_string);
EXPORT_SYMBOL(param_array_ops);
