/* SPDX-License-Identifier: MIT */
/*
 * The first instruction of a thread: calls the function in rax with the
 * arguments that are in the registers of the C ABI already, and ends the domain
 * with its result, all 64 bits of it.
 */
	.text
	.globl __lcd_start
	.type __lcd_start, @function
__lcd_start:
	cld
	xorl	%ebp, %ebp		/* the outermost frame */
	andq	$-16, %rsp
	call	*%rax
	movq	%rax, %r8
	xorl	%eax, %eax		/* LCD_SYSCALL_EXIT */
	vmcall
	ud2
	.size __lcd_start, . - __lcd_start

	.section .note.GNU-stack, "", @progbits
