// SPDX-License-Identifier: MIT
#include <linux/errno.h>
#include <lcd-domains/liblcd.h>

int lcd_enter(void)
{
	int ret = lcd_mem_init();

	if (ret)
		return ret;
	return lcd_init_cptr();
}

void lcd_exit(int retval)
{
	for (;;)
		lcd_syscall_exit(retval);
}

void lcd_yield(void)
{
	lcd_syscall_yield();
}
