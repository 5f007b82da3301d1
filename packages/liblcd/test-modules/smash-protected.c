// SPDX-License-Identifier: MIT
/* Overwrites the canary above a buffer; compiled with -fstack-protector-all, it calls __stack_chk_fail. */
#include <linux/module.h>
#include <linux/string.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Smashes its own stack, and is found out");

static volatile size_t length = 64;

static noinline int victim(void)
{
	char small[8];

	memset(small, 'A', length);
	barrier();
	return small[0];
}

static int __init smash_protected_init(void)
{
	return victim();
}
module_init(smash_protected_init);
