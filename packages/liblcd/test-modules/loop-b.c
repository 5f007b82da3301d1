// SPDX-License-Identifier: MIT
/* loop-a needs loop-b, loop-b needs loop-a: neither can be first. */
#include <linux/module.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Needs loop-a, which needs it");

int loop_a(int depth);

int loop_b(int depth)
{
	return depth ? loop_a(depth - 1) : 0;
}
EXPORT_SYMBOL(loop_b);
