// SPDX-License-Identifier: MIT
/* Recurses until it leaves the stack, through its UTCB into the boot pages and beyond. */
#include <linux/module.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Recurses for ever");

static volatile int deepest = -1; /* never reached */

static noinline int deeper(volatile int *above)
{
	volatile int here = *above + 1;

	return here == deepest ? here : deeper(&here) + here;
}

static int __init overflow_stack_init(void)
{
	volatile int start = 0;

	return deeper(&start);
}
module_init(overflow_stack_init);
