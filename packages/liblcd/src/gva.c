// SPDX-License-Identifier: MIT
/*
 * The domain edits its own page tables. They are visible at the address that
 * CR3 and the entries give, as guest-virtual equals guest-physical there.
 */
#include <linux/errno.h>
#include <lcd-domains/liblcd.h>
#include "trap.h"

#define PRESENT 0x1UL
#define WRITABLE 0x2UL
#define LARGE 0x80UL
#define ADDRESS 0x000ffffffffff000UL
#define ENTRIES 512UL

static unsigned long *table_at(unsigned long gpa)
{
	gpa &= ADDRESS;
	if (gpa < LCD_TABLES_BASE || gpa >= lcd_boot_info()->tables_end)
		return NULL;
	return (unsigned long *)gpa;
}

static unsigned long take_table(void)
{
	struct lcd_boot_info *info = lcd_boot_info();
	unsigned long gpa = info->tables_next;

	if (gpa + LCD_PAGE_SIZE > info->tables_end)
		return 0;
	info->tables_next = gpa + LCD_PAGE_SIZE;
	return gpa;
}

/* Finds the entry that maps one 4 KiB page; with `make`, adds the tables that are missing on the way. */
static int find_entry(unsigned long gva, bool make, unsigned long **entry_out)
{
	unsigned long *table = table_at(lcd_read_cr3());

	for (int level = 3; table; level--) {
		unsigned long *entry = &table[(gva >> (LCD_PAGE_SHIFT + 9 * level)) % ENTRIES];

		if (level == 0) {
			*entry_out = entry;
			return 0;
		}
		if (!(*entry & PRESENT)) {
			unsigned long gpa = make ? take_table() : 0;

			if (!gpa)
				return make ? -ENOMEM : -ENOENT;
			*entry = gpa | PRESENT | WRITABLE;
		} else if (*entry & LARGE) {
			return make ? -EEXIST : -ENOENT;
		}
		table = table_at(*entry);
	}
	return -EFAULT;
}

static int map_page(unsigned long gva, unsigned long gpa)
{
	unsigned long *entry;
	int ret = find_entry(gva, true, &entry);

	if (ret)
		return ret;
	if (*entry & PRESENT)
		return -EEXIST;
	*entry = gpa | PRESENT | WRITABLE;
	return 0;
}

int lcd_map_gva(gva_t gva, gpa_t gpa, unsigned long pages)
{
	if ((gva_val(gva) | gpa_val(gpa)) & (LCD_PAGE_SIZE - 1) || gpa_val(gpa) & ~ADDRESS)
		return -EINVAL;
	for (unsigned long i = 0; i < pages; i++) {
		unsigned long offset = i << LCD_PAGE_SHIFT;
		int ret = map_page(gva_val(gva) + offset, gpa_val(gpa) + offset);

		if (ret) {
			lcd_unmap_gva(gva, i);
			return ret;
		}
	}
	return 0;
}

int lcd_unmap_gva(gva_t gva, unsigned long pages)
{
	unsigned long *entry;

	for (unsigned long i = 0; i < pages; i++) {
		int ret = find_entry(gva_val(gva) + (i << LCD_PAGE_SHIFT), false, &entry);

		if (ret || !(*entry & PRESENT))
			return ret ? ret : -ENOENT;
	}
	for (unsigned long i = 0; i < pages; i++) {
		unsigned long page = gva_val(gva) + (i << LCD_PAGE_SHIFT);

		find_entry(page, false, &entry);
		*entry = 0;
		lcd_flush_page(page);
	}
	return 0;
}

int lcd_gva_to_gpa(gva_t gva, gpa_t *gpa_out)
{
	unsigned long *entry;
	int ret = find_entry(gva_val(gva), false, &entry);

	if (ret)
		return ret;
	if (!(*entry & PRESENT))
		return -ENOENT;
	*gpa_out = __gpa((*entry & ADDRESS) | (gva_val(gva) & (LCD_PAGE_SIZE - 1)));
	return 0;
}
