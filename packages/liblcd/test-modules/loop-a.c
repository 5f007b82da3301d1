// SPDX-License-Identifier: MIT
/* loop-a needs loop-b, loop-b needs loop-a: neither can be first. */
#include <linux/module.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Needs loop-b, which needs it");

int loop_b(int depth);

int loop_a(int depth)
{
	return depth ? loop_b(depth - 1) : 0;
}
EXPORT_SYMBOL(loop_a);
