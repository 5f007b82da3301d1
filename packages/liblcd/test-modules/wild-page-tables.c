// SPDX-License-Identifier: MIT
/* Points a page-table entry at guest-physical memory that it does not have, and walks through it. */
#include <linux/module.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Corrupts its own page tables");

static int __init wild_page_tables_init(void)
{
	unsigned long cr3, *table;

	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	table = (unsigned long *)(cr3 & ~0xfffUL);
	table[256] = 0x0000123456789000UL | 3; /* present, writable */
	return *(volatile int *)0xffff800000000000UL;
}
module_init(wild_page_tables_init);
