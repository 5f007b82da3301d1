// SPDX-License-Identifier: MIT
/* Nothing to run: it loads, and its domain cannot be started. */
#include <linux/module.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Has no init function");

int data_of_no_init = 7;
EXPORT_SYMBOL(data_of_no_init);
