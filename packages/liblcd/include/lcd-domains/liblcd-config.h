/* SPDX-License-Identifier: MIT */
/*
 * The numbers that a domain and its creator agree on.
 *
 * Guest-virtual equals guest-physical for everything below the module, so one
 * list of addresses serves both.
 */
#ifndef LCD_DOMAINS_LIBLCD_CONFIG_H
#define LCD_DOMAINS_LIBLCD_CONFIG_H

#define LCD_PAGE_SHIFT		12
#define LCD_PAGE_SIZE		(1UL << LCD_PAGE_SHIFT)

/* Page tables: made by the creator, continued by the domain. */
#define LCD_TABLES_BASE		0x00100000UL
#define LCD_TABLES_SIZE		0x00400000UL

/* Boot pages, four of them, zeroed by the creator but for what is named here. */
#define LCD_BOOT_BASE		0x00500000UL
#define LCD_BOOT_CANARY		(LCD_BOOT_BASE + 0x28)	/* u64, read as %gs:0x28 */
#define LCD_BOOT_INFO		(LCD_BOOT_BASE + 0x100)	/* struct lcd_boot_info */
#define LCD_BOOT_LIBLCD		(LCD_BOOT_BASE + 1 * LCD_PAGE_SIZE)	/* liblcd's own state */
#define LCD_BOOT_DIRECTORY	(LCD_BOOT_BASE + 2 * LCD_PAGE_SIZE)	/* liblcd's page directory, two pages */

/* The stack of the init thread. Its UTCB is at the bottom; the size is a power of two, and it is aligned to it. */
#define LCD_STACK_BASE		0x00504000UL
#define LCD_STACK_SIZE		0x00004000UL

/*
 * A cptr packs, from the low bit: the slot in a cnode table, the path of
 * tables that leads to it (first step lowest), and the length of that path.
 */
#define LCD_CPTR_SLOT_BITS	3
#define LCD_CPTR_FANOUT_BITS	3
#define LCD_CPTR_MAX_LEVEL	3
#define LCD_CPTR_LEVEL_BITS	2
#define LCD_CPTR_LEVEL_SHIFT	(LCD_CPTR_SLOT_BITS + LCD_CPTR_FANOUT_BITS * LCD_CPTR_MAX_LEVEL)

/* The largest block of pages that can be asked for: 2^10 pages, 4 MiB. */
#define LCD_MAX_ORDER		10

/* What one lcd_printk can print. */
#define LCD_PRINTK_MAX		1024

#endif
