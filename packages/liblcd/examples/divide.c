// SPDX-License-Identifier: MIT
/*
 * divide: an exception. The domain handles none itself, so it ends there, and the
 * report names the instruction. `lcd run divide by=7` is fine.
 */
#include <linux/module.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Divides by a parameter, which is zero");

static int by;
module_param(by, int, 0444);
MODULE_PARM_DESC(by, "what to divide 1000 by (default 0)");

static int __init divide_init(void)
{
	lcd_printk("1000 / %d = ", by);
	lcd_printk("%d\n", 1000 / by);
	return 0;
}
module_init(divide_init);
