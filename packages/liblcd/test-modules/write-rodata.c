// SPDX-License-Identifier: MIT
#include <linux/module.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Writes to its own constants");

static const int constant = 1;

static int __init write_rodata_init(void)
{
	int *address = (int *)&constant;

	/* Where the address came from is not to be seen: the compiler would drop the write. */
	__asm__ volatile("" : "+r"(address));
	*(volatile int *)address = 2;
	return 0;
}
module_init(write_rodata_init);
