/* SPDX-License-Identifier: MIT */
/* Multiboot entry in 32 bits; maps the first GiB to itself and goes on in 64-bit mode. */
#define CR0_PG (1 << 31)
#define CR4_PAE (1 << 5)
#define MSR_EFER 0xc0000080
#define EFER_LME (1 << 8)
#define PRESENT_WRITABLE 0x3
#define LARGE 0x80
#define CODE_SELECTOR 0x08
#define DATA_SELECTOR 0x10

	.section .multiboot, "a"
	.balign 4
	.long 0x1badb002, 0x00010000, -(0x1badb002 + 0x00010000)
	.long multiboot_header, image_start, image_data_end, image_end, start
	.set multiboot_header, image_start

	.code32
	.text
	.globl start
start:
	mov $stack_top, %esp
	/* What Multiboot hands over, as the arguments of kernel_main. */
	mov %eax, %edi
	mov %ebx, %esi

	movl $(page_directory_pointers + PRESENT_WRITABLE), page_map
	movl $(page_directory + PRESENT_WRITABLE), page_directory_pointers
	mov $page_directory, %edx
	mov $(PRESENT_WRITABLE | LARGE), %eax
	mov $512, %ecx
1:	mov %eax, (%edx)
	add $0x200000, %eax
	add $8, %edx
	loop 1b

	mov $page_map, %eax
	mov %eax, %cr3
	mov %cr4, %eax
	or $CR4_PAE, %eax
	mov %eax, %cr4
	mov $MSR_EFER, %ecx
	rdmsr
	or $EFER_LME, %eax
	wrmsr
	mov %cr0, %eax
	or $CR0_PG, %eax
	mov %eax, %cr0
	lgdt descriptor_table_register
	ljmp $CODE_SELECTOR, $long_mode

	.code64
long_mode:
	mov $DATA_SELECTOR, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	call kernel_main
1:	hlt
	jmp 1b

	.section .rodata
	.balign 8
descriptor_table:
	.quad 0
	.quad 0x00209a0000000000	/* code, 64 bits, ring 0 */
	.quad 0x0000920000000000	/* data, ring 0 */
descriptor_table_register:
	.word . - descriptor_table - 1
	.long descriptor_table

	.bss
	.balign 4096
page_map:
	.skip 4096
page_directory_pointers:
	.skip 4096
page_directory:
	.skip 4096
	.skip 65536
stack_top:
	.section .note.GNU-stack, "", @progbits
