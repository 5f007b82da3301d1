// SPDX-License-Identifier: MIT
/* A syscall keeps every register but rax. Returns 0, or the number of those that it did not. */
#include <linux/module.h>
#include <lcd-domains/liblcd.h>

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Checks that a syscall keeps the registers");

/* Fills fifteen registers with their number, yields, and counts those that changed. */
int yield_and_count(void);
__asm__(".pushsection .text\n"
	"yield_and_count:\n"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"mov $1, %ecx; mov $2, %edx; mov $3, %ebx; mov $5, %ebp; mov $6, %esi; mov $7, %edi\n"
	"mov $8, %r8d; mov $9, %r9d; mov $10, %r10d; mov $11, %r11d\n"
	"mov $12, %r12d; mov $13, %r13d; mov $14, %r14d; mov $15, %r15d\n"
	"mov $16, %eax\n"
	"vmcall\n"
	"neg %rax; sbb %rax, %rax; neg %rax\n" /* 1 when the result was not 0 */
	".macro kept number register\n"
	"cmp $\\number, \\register; je 1f; inc %eax; 1:\n"
	".endm\n"
	"kept 1 %rcx; kept 2 %rdx; kept 3 %rbx; kept 5 %rbp; kept 6 %rsi; kept 7 %rdi; kept 8 %r8; kept 9 %r9\n"
	"kept 10 %r10; kept 11 %r11; kept 12 %r12; kept 13 %r13; kept 14 %r14; kept 15 %r15\n"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"ret\n"
	".popsection\n");

static int __init registers_init(void)
{
	return yield_and_count();
}
module_init(registers_init);
