// SPDX-License-Identifier: MIT
/*
 * spin: never returns. Others run nevertheless, as each has its time slice;
 * `lcd run spin --fuel 1M` ends it after a million instructions.
 */
#include <linux/module.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Loops for ever");

static volatile unsigned long turns;
static volatile bool enough; /* nobody ever sets it */

static int __init spin_init(void)
{
	lcd_printk("spinning\n");
	while (!enough)
		turns++;
	return 0;
}
module_init(spin_init);
