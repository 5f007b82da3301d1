/* SPDX-License-Identifier: MIT */
/* Multiboot entry of 32-bit guests: flat segments, paging off. */
	.section .multiboot, "a"
	.balign 4
	.long 0x1badb002, 0x00000003, -(0x1badb002 + 0x00000003)

	.text
	.globl start
start:
	mov $stack_end, %esp
	lgdt descriptor_table_register
	ljmp $0x08, $1f
1:	mov $0x10, %ecx
	mov %ecx, %ds
	mov %ecx, %es
	mov %ecx, %fs
	mov %ecx, %gs
	mov %ecx, %ss
	push %ebx
	push %eax
	call kernel_main
	hlt

	.bss
	.balign 16
	.skip 16384
stack_end:
	.section .note.GNU-stack, "", @progbits
