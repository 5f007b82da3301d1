// SPDX-License-Identifier: MIT
/*
 * params: values from outside. The loader writes them into these variables
 * before init runs; `lcd run params count=3 name=Ada sizes=1,2,3`.
 */
#include <linux/module.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Prints its parameters");

static int count = 1;
module_param(count, int, 0444);
MODULE_PARM_DESC(count, "how often to greet (default 1)");

static char *name = "world";
module_param(name, charp, 0444);
MODULE_PARM_DESC(name, "whom to greet (default world)");

static bool loud;
module_param(loud, bool, 0444);
MODULE_PARM_DESC(loud, "with an exclamation mark (default no)");

static unsigned long sizes[4];
static unsigned int sizes_given;
module_param_array(sizes, ulong, &sizes_given, 0444);
MODULE_PARM_DESC(sizes, "up to four numbers to add");

static int __init params_init(void)
{
	unsigned long sum = 0;

	if (count < 0 || count > 100)
		return -EINVAL; /* a module may refuse what it is given */
	for (int i = 0; i < count; i++)
		lcd_printk("Hello, %s%c\n", name, loud ? '!' : '.');
	for (unsigned int i = 0; i < sizes_given; i++)
		sum += sizes[i];
	if (sizes_given)
		lcd_printk("%u sizes, together %lu\n", sizes_given, sum);
	return 0;
}
module_init(params_init);
