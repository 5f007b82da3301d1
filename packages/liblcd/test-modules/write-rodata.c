// SPDX-License-Identifier: MIT
#include <linux/module.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Writes to its own constants");

static const volatile int constant = 1;

static int __init write_rodata_init(void)
{
	*(volatile int *)&constant = 2;
	return 0;
}
module_init(write_rodata_init);
