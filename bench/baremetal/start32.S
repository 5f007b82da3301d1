/* SPDX-License-Identifier: MIT */
/* Multiboot entry in 32 bits, flat segments, paging off. */
	.section .multiboot, "a"
	.balign 4
	.long 0x1badb002, 0x00010000, -(0x1badb002 + 0x00010000)
	/* Where to load, for loaders that do not read ELF: header, load, load end, bss end, entry. */
	.long multiboot_header, image_start, image_data_end, image_end, start
	.set multiboot_header, image_start

	.text
	.globl start
start:
	mov $stack_top, %esp
	/* Two arguments below a multiple of 16 bytes, as the ABI wants it. */
	sub $8, %esp
	push %ebx
	push %eax
	call kernel_main
1:	hlt
	jmp 1b

	.bss
	.balign 16
	.skip 65536
stack_top:
	.section .note.GNU-stack, "", @progbits
