// SPDX-License-Identifier: MIT
#include <lcd-domains/syscall.h>
#include "trap.h"

long lcd_syscall(unsigned long number, unsigned long r8, unsigned long r9, unsigned long r10, unsigned long r11,
		 unsigned long r12)
{
	register unsigned long a0 __asm__("r8") = r8;
	register unsigned long a1 __asm__("r9") = r9;
	register unsigned long a2 __asm__("r10") = r10;
	register unsigned long a3 __asm__("r11") = r11;
	register unsigned long a4 __asm__("r12") = r12;
	long result;

	__asm__ volatile("vmcall"
			 : "=a"(result)
			 : "0"(number), "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(a4)
			 : "memory", "cc");
	return result;
}

unsigned long lcd_read_cr3(void)
{
	unsigned long cr3;

	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	return cr3;
}

void lcd_flush_page(unsigned long gva)
{
	__asm__ volatile("invlpg (%0)" : : "r"(gva) : "memory");
}
