/* SPDX-License-Identifier: MIT */
/*
 * What isolated code may ask of the microkernel.
 *
 * `vmcall` with the number in rax and arguments in r8, r9, r10, r11, r12; the
 * result comes back in rax, a negative errno when the call failed. All other
 * registers are kept. A number that nobody knows gives -ENOSYS.
 */
#ifndef LCD_DOMAINS_SYSCALL_H
#define LCD_DOMAINS_SYSCALL_H

#include <linux/types.h>
#include <lcd-domains/types.h>

enum lcd_syscall_number {
	LCD_SYSCALL_EXIT = 0,		/* r8: result. Does not come back. */
	LCD_SYSCALL_PUTCHAR = 1,	/* r8: character, low eight bits */
	LCD_SYSCALL_PAGES_ALLOC = 7,	/* r8: free slot, r9: order */
	LCD_SYSCALL_MMAP = 8,		/* r8: slot of pages, r9: gpa */
	LCD_SYSCALL_MUNMAP = 9,		/* r8: slot of pages */
	LCD_SYSCALL_YIELD = 16,
	LCD_SYSCALL_WRITE = 17,		/* r8: gva, r9: length in bytes */
};

/* Any call, by number; what is not an argument of it may be anything. */
long lcd_syscall(unsigned long number, unsigned long r8, unsigned long r9, unsigned long r10, unsigned long r11,
		 unsigned long r12);

/* Ends the domain with this result. */
static inline long lcd_syscall_exit(long result)
{
	return lcd_syscall(LCD_SYSCALL_EXIT, (unsigned long)result, 0, 0, 0, 0);
}

/* Prints one character on the domain's console. */
static inline long lcd_syscall_putchar(char character)
{
	return lcd_syscall(LCD_SYSCALL_PUTCHAR, (unsigned char)character, 0, 0, 0, 0);
}

/* Prints bytes on the domain's console. Returns how many, or -EFAULT when they are not all readable. */
static inline long lcd_syscall_write(const void *bytes, size_t length)
{
	return lcd_syscall(LCD_SYSCALL_WRITE, (unsigned long)bytes, length, 0, 0, 0);
}

/* Gives the processor to whoever else wants it. */
static inline long lcd_syscall_yield(void)
{
	return lcd_syscall(LCD_SYSCALL_YIELD, 0, 0, 0, 0, 0);
}

/* Puts a capability to 2^order zeroed pages into a free slot. */
static inline long lcd_syscall_pages_alloc(cptr_t slot, unsigned int order)
{
	return lcd_syscall(LCD_SYSCALL_PAGES_ALLOC, cptr_val(slot), order, 0, 0, 0);
}

/* Maps the pages of a slot, readable, writable and executable, in guest-physical space from gpa on. */
static inline long lcd_syscall_mmap(cptr_t slot, gpa_t gpa)
{
	return lcd_syscall(LCD_SYSCALL_MMAP, cptr_val(slot), gpa_val(gpa), 0, 0, 0);
}

/* Takes the pages of a slot out of guest-physical space. */
static inline long lcd_syscall_munmap(cptr_t slot)
{
	return lcd_syscall(LCD_SYSCALL_MUNMAP, cptr_val(slot), 0, 0, 0, 0);
}

#endif
