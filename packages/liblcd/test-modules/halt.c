// SPDX-License-Identifier: MIT
#include <linux/module.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Executes hlt");

static int __init halt_init(void)
{
	__asm__ volatile("hlt");
	return 0;
}
module_init(halt_init);
