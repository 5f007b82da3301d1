/* SPDX-License-Identifier: MIT */
/*
 * The user thread control block: eight message registers, eight capability
 * registers, at the bottom of the thread's stack. The microkernel sees it too.
 */
#ifndef LCD_DOMAINS_UTCB_H
#define LCD_DOMAINS_UTCB_H

#include <lcd-domains/types.h>

#define LCD_NUM_REGS 8

struct lcd_utcb {
	unsigned long mr[LCD_NUM_REGS];	/* message registers, offset 0 */
	cptr_t cr[LCD_NUM_REGS];	/* capability registers, offset 64 */
};

/* The block of the calling thread, found from its stack pointer: any address on the stack will do. */
static inline struct lcd_utcb *lcd_get_utcb(void)
{
	unsigned long stack = (unsigned long)__builtin_frame_address(0);

	return (struct lcd_utcb *)(stack & ~(LCD_STACK_SIZE - 1));
}

#endif
