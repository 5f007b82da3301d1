// SPDX-License-Identifier: MIT
/*
 * hello: the smallest module. Its init function runs inside the domain, and
 * what it returns is the result of the domain.
 */
#include <linux/module.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Says hello from inside a domain");

static int __init hello_init(void)
{
	lcd_printk("Hello from an isolated kernel module!\n");
	lcd_printk("numbers: %d, %u, 0x%04x, %lld; a string: \"%s\"; a character: %c\n", -42, 42u, 0xbeef,
		   9007199254740993LL, "isolated", '!');
	return 0;
}
module_init(hello_init);
