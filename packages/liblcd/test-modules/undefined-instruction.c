// SPDX-License-Identifier: MIT
#include <linux/module.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Executes ud2");

static int __init undefined_instruction_init(void)
{
	__builtin_trap();
}
module_init(undefined_instruction_init);
