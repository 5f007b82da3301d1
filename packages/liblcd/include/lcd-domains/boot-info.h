/* SPDX-License-Identifier: MIT */
/*
 * What the creator of a domain leaves for it at LCD_BOOT_INFO.
 *
 * After the start the structure belongs to the domain: `tables_next` and
 * `heap_start` move up as pages are taken.
 */
#ifndef LCD_DOMAINS_BOOT_INFO_H
#define LCD_DOMAINS_BOOT_INFO_H

#include <linux/types.h>
#include <lcd-domains/liblcd-config.h>

/* "LCDBOOT1", the first letter in the lowest byte. */
#define LCD_BOOT_MAGIC 0x31544f4f4244434cULL

struct lcd_boot_info {
	u64 magic;		/* 0x00: LCD_BOOT_MAGIC */
	u64 tables_next;	/* 0x08: gpa of the first unused page for page tables, zeroed and mapped */
	u64 tables_end;		/* 0x10: gpa of the first byte after these pages */
	u64 heap_start;		/* 0x18: first gpa that nothing is mapped at, page-aligned */
	u64 heap_end;		/* 0x20: first gpa that must not be used any more */
	u64 utcb;		/* 0x28: gva of the init thread's UTCB */
	u64 stack_top;		/* 0x30: gva of the first byte above the init thread's stack */
};

static inline struct lcd_boot_info *lcd_boot_info(void)
{
	return (struct lcd_boot_info *)LCD_BOOT_INFO;
}

#endif
