// SPDX-License-Identifier: MIT
/* Writes to its own code, which it may share with other domains. */
#include <linux/module.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Writes to its own text");

static int __init write_text_init(void);

static noinline int target(void)
{
	barrier();
	return 1;
}

static int __init write_text_init(void)
{
	*(volatile unsigned char *)target = 0xc3;
	return target();
}
module_init(write_text_init);
