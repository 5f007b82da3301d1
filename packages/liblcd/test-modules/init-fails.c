// SPDX-License-Identifier: MIT
/* init returns an error, or what `result` says. */
#include <linux/module.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Its init returns -EINVAL");

static int result = -EINVAL;
module_param(result, int, 0444);

static int __init init_fails_init(void)
{
	return result;
}
module_init(init_fails_init);
