// SPDX-License-Identifier: MIT
/* Slots, pages, and the domain's own page tables. */
#include <errno.h>
#include "harness.h"

/* One-word structures are passed as that word. */
int k_lcd_alloc_cptr(unsigned long *slot_out);
void k_lcd_free_cptr(unsigned long slot);
int k_lcd_page_alloc(unsigned long *slot_out);
int k_lcd_pages_alloc(unsigned int order, unsigned long *slot_out);
int k_lcd_page_map(unsigned long slot, unsigned long gpa);
int k_lcd_page_unmap(unsigned long slot);
int k_lcd_reserve_gpa(unsigned int order, unsigned long *gpa_out);
int k_lcd_gfp(unsigned long *slot_out, unsigned long *gpa_out, unsigned long *gva_out);
int k_lcd_map_gva(unsigned long gva, unsigned long gpa, unsigned long pages);
int k_lcd_unmap_gva(unsigned long gva, unsigned long pages);
int k_lcd_gva_to_gpa(unsigned long gva, unsigned long *gpa_out);
int k_lcd_enter(void);

static void names_every_slot_once(void)
{
	static bool seen[1 << 14];
	/* Tables: 1 + 8 + 64 + 512, eight slots each; the first slot of all is null. */
	const int all = 8 * (1 + 8 + 64 + 512) - 1;
	unsigned long slot;

	for (int i = 0; i < all; i++) {
		CHECK(k_lcd_alloc_cptr(&slot) == 0);
		unsigned long level = slot >> 12, path = (slot >> 3) & 0777;
		CHECK(slot != 0 && slot < 1 << 14 && !seen[slot] && path >> (3 * level) == 0);
		seen[slot] = true;
	}
	CHECK(k_lcd_alloc_cptr(&slot) == -ENOMEM);
	k_lcd_free_cptr(0);
	k_lcd_free_cptr(0xffffffff);
	CHECK(k_lcd_alloc_cptr(&slot) == -ENOMEM);
	k_lcd_free_cptr(0x2013);
	CHECK(k_lcd_alloc_cptr(&slot) == 0 && slot == 0x2013);
	machine_reset(100);
	CHECK(k_lcd_alloc_cptr(&slot) == 0 && slot == 1);
}

static void edits_page_tables(void)
{
	unsigned long gpa, tables;

	machine_reset(100);
	CHECK(k_lcd_map_gva(0xffff900000001000, 0x700000, 3) == 0);
	CHECK(machine_walk(0xffff900000001234) == 0x700234 && machine_walk(0xffff900000003000) == 0x702000);
	CHECK(machine_walk(0xffff900000000000) == -1UL && machine_walk(0xffff900000004000) == -1UL);
	CHECK(boot_info()->tables_next == TABLES_BASE + 0x4000); /* a table for each of three levels */
	CHECK(k_lcd_gva_to_gpa(0xffff900000002008, &gpa) == 0 && gpa == 0x701008);
	CHECK(k_lcd_gva_to_gpa(0xffff900000004008, &gpa) == -ENOENT && k_lcd_gva_to_gpa(0x1000, &gpa) == -ENOENT);
	/* The third page of five is taken: the first two go again. */
	CHECK(k_lcd_map_gva(0xffff8fffffffe000, 0x800000, 5) == -EEXIST);
	CHECK(machine_walk(0xffff8fffffffe000) == -1UL && machine_walk(0xffff900000000000) == -1UL);
	CHECK(machine_walk(0xffff900000001000) == 0x700000);
	CHECK(k_lcd_unmap_gva(0xffff900000001000, 4) == -ENOENT && machine_walk(0xffff900000001000) == 0x700000);
	CHECK(k_lcd_unmap_gva(0xffff900000001000, 3) == 0 && machine_walk(0xffff900000001000) == -1UL);
	CHECK(k_lcd_map_gva(0x1001, 0, 1) == -EINVAL && k_lcd_map_gva(0x1000, 1, 1) == -EINVAL);
	CHECK(k_lcd_map_gva(0x1000, 1UL << 52, 1) == -EINVAL && k_lcd_unmap_gva(0x7000000, 1) == -ENOENT);
	/* A large page in the way. */
	((uint64_t *)TABLES_BASE)[1] = (TABLES_BASE + 0x10000) | 3;
	((uint64_t *)(TABLES_BASE + 0x10000))[0] = 0x40000083;
	CHECK(k_lcd_map_gva(1UL << 39, 0x700000, 1) == -EEXIST && k_lcd_unmap_gva(1UL << 39, 1) == -ENOENT);
	/* An entry that leads out of the tables. */
	((uint64_t *)TABLES_BASE)[2] = 0x123456789003;
	CHECK(k_lcd_map_gva(2UL << 39, 0x700000, 1) == -EFAULT);
	/* No pages left for tables: 512 entries fill one table, then another is needed. */
	CHECK(k_lcd_map_gva(3UL << 39, 0x700000, 1) == 0);
	tables = boot_info()->tables_next;
	boot_info()->tables_end = tables;
	CHECK(k_lcd_map_gva((3UL << 39) + 0x1000, 0x700000, 520) == -ENOMEM);
	CHECK(machine_walk((3UL << 39) + 0x1000) == -1UL && machine_walk(3UL << 39) == 0x700000);
	CHECK(boot_info()->tables_next == tables);
}

static void asks_for_pages(void)
{
	unsigned long slot, other, gpa, gva;

	machine_reset(5);
	CHECK(k_lcd_enter() == 0 && k_lcd_enter() == 0);
	CHECK(k_lcd_gfp(&slot, &gpa, &gva) == 0 && gpa == HEAP_START && gva == gpa && machine_walk(gva) == gpa);
	memset((void *)gva, 0x55, 0x1000);
	CHECK(k_lcd_pages_alloc(2, &other) == 0 && other != slot);
	CHECK(k_lcd_page_map(other, gpa) == -EEXIST && k_lcd_page_map(other, 0x700000) == 0);
	CHECK(k_lcd_page_unmap(other) == 0 && k_lcd_page_unmap(other) == -EINVAL);
	CHECK(k_lcd_page_alloc(&other) == -ENOMEM && k_lcd_pages_alloc(11, &other) == -EINVAL);
	/* A slot that a failed request had is free again. */
	CHECK(k_lcd_alloc_cptr(&other) == 0 && other == slot + 2);
	CHECK(k_lcd_reserve_gpa(3, &gpa) == 0 && gpa == HEAP_START + 0x8000);
	CHECK(k_lcd_reserve_gpa(0, &gpa) == 0 && gpa == HEAP_START + 0x10000);
	CHECK(k_lcd_reserve_gpa(11, &gpa) == -EINVAL);
	boot_info()->heap_end = HEAP_START + 0x12000;
	CHECK(k_lcd_reserve_gpa(1, &gpa) == -ENOMEM && k_lcd_reserve_gpa(0, &gpa) == 0);
	CHECK(k_lcd_reserve_gpa(0, &gpa) == -ENOMEM);
}

int test_pages(void)
{
	names_every_slot_once();
	edits_page_tables();
	asks_for_pages();
	return 3;
}
