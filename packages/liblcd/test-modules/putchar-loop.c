// SPDX-License-Identifier: MIT
/* Prints `letter` so often, and lets others run after each. */
#include <linux/module.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Prints a letter and yields, again and again");

static char *letter = "x";
module_param(letter, charp, 0444);

static int times = 10;
module_param(times, int, 0444);

static int __init putchar_loop_init(void)
{
	for (int i = 0; i < times; i++) {
		lcd_syscall_putchar(letter[0]);
		lcd_yield();
	}
	lcd_syscall_putchar('\n');
	return 0;
}
module_init(putchar_loop_init);
