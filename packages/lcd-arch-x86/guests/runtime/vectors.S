/* SPDX-License-Identifier: MIT */
/* An entry of 16 bytes for each vector: all of them call interrupt() with a struct frame. */
	.text
	.globl vector_entries
	.balign 16
vector_entries:
	.set vector, 0
	.rept 256
	.balign 16
	/* Exceptions 8, 10 to 14 and 17 push an error code; the others get one of 0. */
	.if !((vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17))
	push $0
	.endif
	/* A 32-bit number: pushes of a byte would extend its sign. */
	.byte 0x68
	.long vector
	jmp common
	.set vector, vector + 1
	.endr

	.balign 16
common:
	cld
#ifdef __x86_64__
	push %rax
	push %rcx
	push %rdx
	push %rbx
	push $0
	push %rbp
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, %rdi
	/* The processor has aligned the stack to 16 bytes before it pushed five words, and 18 more have followed. */
	sub $8, %rsp
	call interrupt
	add $8, %rsp
	.globl frame_return
frame_return:
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rbp
	add $8, %rsp
	pop %rbx
	pop %rdx
	pop %rcx
	pop %rax
	add $16, %rsp
	iretq
#else
	pusha
	push %ds
	push %es
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	lea 8(%esp), %eax
	push %eax
	call interrupt
	add $4, %esp
	pop %es
	pop %ds
	popa
	add $8, %esp
	iret
#endif
	.section .note.GNU-stack, "", @progbits
