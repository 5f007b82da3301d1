/* SPDX-License-Identifier: MIT */
/* Makes a module of a workload: compiled with -DWORKLOAD_FUNCTION=bench_<name> and linked with it. */
#include <linux/module.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A workload that lcd bench calls");

unsigned long WORKLOAD_FUNCTION(unsigned long amount);
EXPORT_SYMBOL(WORKLOAD_FUNCTION);
