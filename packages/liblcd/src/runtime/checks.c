// SPDX-License-Identifier: MIT
/* Where compiled code ends up when it finds something wrong with itself. */
#include <linux/kernel.h>
#include <lcd-domains/liblcd.h>
#include "runtime.h"

void __stack_chk_fail(void)
{
	lcd_printk("stack overrun detected in the function that returns to %p\n", __builtin_return_address(0));
	lcd_exit(-EFAULT);
}

void fortify_panic(const char *name)
{
	lcd_printk("buffer overrun detected in %s, called from %p\n", name, __builtin_return_address(0));
	lcd_exit(-EFAULT);
}

/* What WARN prints. */
void __warn_printk(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	lcd_vprintk(format, args);
	va_end(args);
}

void panic(const char *format, ...)
{
	va_list args;

	lcd_printk("panic: ");
	va_start(args, format);
	lcd_vprintk(format, args);
	va_end(args);
	lcd_printk("\n");
	lcd_exit(-EFAULT);
}
