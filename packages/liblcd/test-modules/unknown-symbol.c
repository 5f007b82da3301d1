// SPDX-License-Identifier: MIT
#include <linux/module.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Needs a symbol that nobody exports");

int nobody_exports_this(void);

static int __init unknown_symbol_init(void)
{
	return nobody_exports_this();
}
module_init(unknown_symbol_init);
