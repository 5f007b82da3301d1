// SPDX-License-Identifier: MIT
/*
 * Compiled along with every module: its name, and where it starts and ends, in
 * the section that loaders look for, laid out as in Linux 6.1 on x86-64.
 */
#include <linux/module.h>

int __weak init_module(void);
void __weak cleanup_module(void);

struct module {
	char state_and_list[24];
	char name[56];
	char before_init[0x138 - 80];
	int (*init)(void);
	char before_exit[0x350 - 0x140];
	void (*exit)(void);
	char rest[0x380 - 0x358];
};

_Static_assert(offsetof(struct module, init) == 0x138, "init, as in Linux 6.1");
_Static_assert(offsetof(struct module, exit) == 0x350, "exit, as in Linux 6.1");

struct module __this_module __section(".gnu.linkonce.this_module") __aligned(64) __used = {
	.name = KBUILD_MODNAME,
	.init = init_module,
	.exit = cleanup_module,
};

MODULE_INFO(name, KBUILD_MODNAME);
MODULE_INFO(vermagic, "6.1.0-lcd SMP preempt mod_unload ");
