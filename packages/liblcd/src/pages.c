// SPDX-License-Identifier: MIT
/* Pages of the microkernel, by capability. */
#include <linux/errno.h>
#include <lcd-domains/liblcd.h>

int lcd_pages_alloc(unsigned int order, cptr_t *slot_out)
{
	cptr_t slot;
	int ret;

	if (order > LCD_MAX_ORDER)
		return -EINVAL;
	ret = lcd_alloc_cptr(&slot);
	if (ret)
		return ret;
	ret = lcd_syscall_pages_alloc(slot, order);
	if (ret) {
		lcd_free_cptr(slot);
		return ret;
	}
	*slot_out = slot;
	return 0;
}

int lcd_page_alloc(cptr_t *slot_out)
{
	return lcd_pages_alloc(0, slot_out);
}

int lcd_page_map(cptr_t slot, gpa_t gpa)
{
	return lcd_syscall_mmap(slot, gpa);
}

int lcd_page_unmap(cptr_t slot)
{
	return lcd_syscall_munmap(slot);
}

int lcd_reserve_gpa(unsigned int order, gpa_t *gpa_out)
{
	struct lcd_boot_info *info = lcd_boot_info();
	unsigned long size = LCD_PAGE_SIZE << order;
	unsigned long start = (info->heap_start + size - 1) & ~(size - 1);

	if (info->magic != LCD_BOOT_MAGIC || order > LCD_MAX_ORDER)
		return -EINVAL;
	if (start < info->heap_start || start + size > info->heap_end)
		return -ENOMEM;
	info->heap_start = start + size;
	*gpa_out = __gpa(start);
	return 0;
}

int lcd_gfp(cptr_t *slot_out, gpa_t *gpa_out, gva_t *gva_out)
{
	cptr_t slot;
	gpa_t gpa;
	int ret = lcd_reserve_gpa(0, &gpa);

	if (ret)
		return ret;
	ret = lcd_page_alloc(&slot);
	if (ret)
		return ret;
	ret = lcd_page_map(slot, gpa);
	if (ret)
		return ret;
	ret = lcd_map_gva(__gva(gpa_val(gpa)), gpa, 1);
	if (ret) {
		lcd_page_unmap(slot);
		return ret;
	}
	*slot_out = slot;
	*gpa_out = gpa;
	*gva_out = __gva(gpa_val(gpa));
	return 0;
}
