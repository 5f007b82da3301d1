/* SPDX-License-Identifier: MIT */
#ifndef _LINUX_GFP_H
#define _LINUX_GFP_H

#include <linux/types.h>

/* Memory comes from one place, so of the flags only __GFP_ZERO makes a difference. Values as in Linux 6.1. */
#define __GFP_ZERO ((gfp_t)0x100u)
#define GFP_KERNEL ((gfp_t)0xcc0u)
#define GFP_ATOMIC ((gfp_t)0xa20u)
#define GFP_NOWAIT ((gfp_t)0x800u)
#define GFP_NOIO ((gfp_t)0xc00u)
#define GFP_NOFS ((gfp_t)0xc40u)

/* 2^order pages, aligned to their size; 0 when there is no memory. */
unsigned long __get_free_pages(gfp_t flags, unsigned int order);
unsigned long get_zeroed_page(gfp_t flags);
void free_pages(unsigned long address, unsigned int order);

#define __get_free_page(flags) __get_free_pages(flags, 0)
#define free_page(address) free_pages(address, 0)

#endif
