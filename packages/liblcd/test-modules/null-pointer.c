// SPDX-License-Identifier: MIT
#include <linux/module.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Reads, writes or calls a null pointer");

static char *how = "read";
module_param(how, charp, 0444);

static void *volatile nothing;

static int __init null_pointer_init(void)
{
	if (how[0] == 'w')
		*(int *)nothing = 1;
	else if (how[0] == 'c')
		return ((int (*)(void))nothing)();
	return *(int *)nothing;
}
module_init(null_pointer_init);
