// SPDX-License-Identifier: MIT
/* Clears its own top page table and forgets every translation: nothing can be fetched any more. */
#include <linux/module.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Clears its own page tables");

static int __init lose_page_tables_init(void)
{
	unsigned long cr3, *table;

	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	table = (unsigned long *)(cr3 & ~0xfffUL);
	for (int i = 0; i < 512; i++)
		table[i] = 0;
	for (unsigned long page = LCD_TABLES_BASE; page < LCD_STACK_BASE + LCD_STACK_SIZE; page += LCD_PAGE_SIZE)
		__asm__ volatile("invlpg (%0)" : : "r"(page) : "memory");
	for (unsigned long page = 0xffffffffa0000000UL; page < 0xffffffffa0400000UL; page += LCD_PAGE_SIZE)
		__asm__ volatile("invlpg (%0)" : : "r"(page) : "memory");
	return 0;
}
module_init(lose_page_tables_init);
