/* SPDX-License-Identifier: MIT */
/*
 * Lets code that was written for the kernel reach liblcd by the kernel's names.
 * Include it after everything else.
 */
#ifndef LCD_DOMAINS_LIBLCD_HACKS_H
#define LCD_DOMAINS_LIBLCD_HACKS_H

#include <lcd-domains/liblcd.h>

#undef printk
#define printk lcd_printk
#define vprintk lcd_vprintk

#undef cond_resched
#define cond_resched() (lcd_yield(), 0)
#undef schedule
#define schedule() lcd_yield()

#undef panic
#define panic(format, ...)					\
	do {							\
		lcd_printk("panic: " format, ##__VA_ARGS__);	\
		lcd_exit(-1);					\
	} while (0)

#endif
