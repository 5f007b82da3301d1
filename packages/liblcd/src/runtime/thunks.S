/* SPDX-License-Identifier: MIT */
/*
 * What compiled kernel code calls where other code would jump, return or begin.
 * There is no speculation to guard against in this machine, so each does the plain
 * thing.
 */
	.macro function name
	.globl \name
	.type \name, @function
\name:
	.endm

	.macro ends name
	int3
	.size \name, . - \name
	.endm

	.text

/* Called first by every traced function: nobody traces. */
function __fentry__
	ret
ends __fentry__

/* Jumped to instead of `ret`. */
function __x86_return_thunk
	ret
ends __x86_return_thunk

/* Called instead of an indirect call, jumped to instead of an indirect jump: one for each register, 32 bytes apart. */
	.macro indirect register
	.balign 32
function __x86_indirect_thunk_\register
	jmp *%\register
ends __x86_indirect_thunk_\register
	.endm

	.balign 32
	.globl __x86_indirect_thunk_array
__x86_indirect_thunk_array:
	.irp register, rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	indirect \register
	.endr
	.balign 32

	.section .note.GNU-stack, "", @progbits
