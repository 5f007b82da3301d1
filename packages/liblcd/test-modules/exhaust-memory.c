// SPDX-License-Identifier: MIT
/* Takes memory until there is none, uses it, and says how much it was. */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Takes all the memory that it can get");

static int __init exhaust_memory_init(void)
{
	unsigned long bytes = 0;
	void *block;

	for (unsigned int order = LCD_MAX_ORDER + 1; order-- > 0;)
		while ((block = lcd_alloc_pages(order)) != NULL) {
			memset(block, 0xa5, LCD_PAGE_SIZE << order);
			bytes += LCD_PAGE_SIZE << order;
		}
	lcd_printk("got %lu KiB\n", bytes >> 10);
	return bytes ? -ENOMEM : -EINVAL;
}
module_init(exhaust_memory_init);
