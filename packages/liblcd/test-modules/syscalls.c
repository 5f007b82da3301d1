// SPDX-License-Identifier: MIT
/* Asks for what must be refused, and prints each answer. */
#include <linux/module.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Tries bad arguments of every syscall");

static void show(const char *what, long ret)
{
	lcd_printk("%s: %ld\n", what, ret);
}

static int __init syscalls_init(void)
{
	cptr_t slot;

	show("number 99", lcd_syscall(99, 0, 0, 0, 0, 0));
	show("number -1", lcd_syscall(~0UL, 0, 0, 0, 0, 0));
	show("write from null", lcd_syscall_write((void *)8, 1));
	show("write from a non-canonical address", lcd_syscall_write((void *)0x8000000000000000UL, 1));
	show("write beyond the end", lcd_syscall_write((void *)~0UL, 2));
	show("write too much", lcd_syscall_write("x", ~0UL));
	show("write nothing", lcd_syscall_write("x", 0));
	show("pages in slot 0", lcd_syscall_pages_alloc(LCD_CPTR_NULL, 0));
	show("pages of order 60", lcd_syscall_pages_alloc(__cptr(1), 60));
	show("map an empty slot", lcd_syscall_mmap(__cptr(2), __gpa(0x10000000)));
	show("unmap an empty slot", lcd_syscall_munmap(__cptr(2)));
	if (lcd_page_alloc(&slot))
		return -ENOMEM;
	show("pages in a slot that is taken", lcd_syscall_pages_alloc(slot, 0));
	show("unmap what is not mapped", lcd_syscall_munmap(slot));
	show("map at an odd address", lcd_syscall_mmap(slot, __gpa(0x10000010)));
	show("map beyond the last address", lcd_syscall_mmap(slot, __gpa(0x0001000000000000)));
	show("map over the stack", lcd_syscall_mmap(slot, __gpa(LCD_STACK_BASE)));
	show("map", lcd_syscall_mmap(slot, __gpa(0x10000000)));
	show("map again", lcd_syscall_mmap(slot, __gpa(0x10001000)));
	show("unmap", lcd_syscall_munmap(slot));
	show("unmap again", lcd_syscall_munmap(slot));
	return 0;
}
module_init(syscalls_init);
