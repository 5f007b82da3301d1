// SPDX-License-Identifier: MIT
/*
 * memory: a domain has nothing but what it asks for. First by hand: a capability
 * to a page, a guest-physical address for it, a guest-virtual one. Then kmalloc,
 * which does the same for you.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Asks for pages, maps them and uses them");

static int by_hand(void)
{
	cptr_t page;
	gpa_t gpa;
	char *text;
	int ret;

	ret = lcd_page_alloc(&page); /* a slot of our cspace now holds a page */
	if (ret)
		return ret;
	ret = lcd_reserve_gpa(0, &gpa);
	if (ret)
		return ret;
	ret = lcd_page_map(page, gpa); /* the microkernel edits the EPT */
	if (ret)
		return ret;
	ret = lcd_map_gva(__gva(gpa_val(gpa)), gpa, 1); /* we edit our own page tables */
	if (ret)
		return ret;
	text = (char *)gpa_val(gpa);
	strcpy(text, "a page of our own");
	lcd_printk("slot %lu at gpa 0x%lx: \"%s\"\n", cptr_val(page), gpa_val(gpa), text);
	return 0;
}

static int with_kmalloc(void)
{
	unsigned int *squares = kmalloc_array(1000, sizeof(*squares), GFP_KERNEL);
	unsigned long sum = 0;

	if (!squares)
		return -ENOMEM;
	for (unsigned int i = 0; i < 1000; i++)
		squares[i] = i * i;
	for (unsigned int i = 0; i < 1000; i++)
		sum += squares[i];
	lcd_printk("sum of 1000 squares in %zu bytes: %lu\n", ksize(squares), sum);
	kfree(squares);
	return 0;
}

static int __init memory_init(void)
{
	int ret = lcd_enter();

	if (!ret)
		ret = by_hand();
	if (!ret)
		ret = with_kmalloc();
	return ret;
}
module_init(memory_init);
