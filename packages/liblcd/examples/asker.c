// SPDX-License-Identifier: MIT
/* asker: calls a function of another module, answer, as if it were its own. */
#include <linux/module.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Asks for the answer");

int answer(int question);

static int __init asker_init(void)
{
	lcd_printk("the answer is %d\n", answer(6));
	return 0;
}
module_init(asker_init);
