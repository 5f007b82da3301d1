// SPDX-License-Identifier: MIT
/*
 * answer: exports a function. A module that is loaded for others needs no init.
 * asker uses it; modules.dep says so, and the loader brings both.
 */
#include <linux/module.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Has the answer");

int answer(int question)
{
	return question * 6 + 6;
}
EXPORT_SYMBOL(answer);
