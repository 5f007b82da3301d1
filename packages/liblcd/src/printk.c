// SPDX-License-Identifier: MIT
#include <linux/kernel.h>
#include <lcd-domains/liblcd.h>

int lcd_vprintk(const char *format, va_list args)
{
	char text[LCD_PRINTK_MAX];
	int length, written = 0;

	if (format[0] == KERN_SOH[0] && format[1])
		format += 2;
	length = vscnprintf(text, sizeof(text), format, args);
	while (written < length) {
		long ret = lcd_syscall_write(text + written, length - written);

		if (ret <= 0)
			return ret;
		written += ret;
	}
	return written;
}

int lcd_printk(const char *format, ...)
{
	va_list args;
	int ret;

	va_start(args, format);
	ret = lcd_vprintk(format, args);
	va_end(args);
	return ret;
}

int _printk(const char *format, ...)
{
	va_list args;
	int ret;

	va_start(args, format);
	ret = lcd_vprintk(format, args);
	va_end(args);
	return ret;
}
