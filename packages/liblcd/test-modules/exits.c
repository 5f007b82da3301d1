// SPDX-License-Identifier: MIT
/* Ends by lcd_exit, deep inside, instead of returning. */
#include <linux/module.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Calls lcd_exit");

static int result;
module_param(result, int, 0444);

static int __init exits_init(void)
{
	int ret = lcd_enter();

	lcd_exit(ret ? ret : result);
}
module_init(exits_init);
