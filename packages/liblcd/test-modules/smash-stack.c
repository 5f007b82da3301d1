// SPDX-License-Identifier: MIT
/* Overwrites its own return address, without a stack protector to notice: it returns to 0x4141414141414141. */
#include <linux/module.h>
#include <linux/string.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Smashes its own stack");

static volatile size_t length = 64;

static noinline int victim(void)
{
	char small[8];

	memset(small, 'A', length);
	barrier();
	return small[0];
}

static int __init smash_stack_init(void)
{
	return victim();
}
module_init(smash_stack_init);
