// SPDX-License-Identifier: MIT
/*
 * wild-write: maps a guest-physical address that it was not given, and writes
 * there. Its page tables allow it; the EPT, which is not its to edit, does not.
 */
#include <linux/module.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Touches memory that it was not given");

static int __init wild_write_init(void)
{
	gpa_t nobodys = __gpa(0xc0000000);
	gva_t window = __gva(gpa_val(nobodys));
	int ret = lcd_map_gva(window, nobodys, 1);

	if (ret)
		return ret;
	lcd_printk("writing to 0x%lx\n", gva_val(window));
	*(volatile unsigned int *)gva_val(window) = 0xdeadbeef;
	lcd_printk("nobody stopped me\n");
	return 0;
}
module_init(wild_write_init);
