/* SPDX-License-Identifier: MIT */
/* Multiboot entry of 64-bit guests: maps the first 4 GiB to themselves, and goes on in 64-bit mode. */
#define CR0_PG (1 << 31)
#define CR0_WP (1 << 16)
#define CR4_PAE (1 << 5)
#define MSR_EFER 0xc0000080
#define EFER_LME (1 << 8)
#define PRESENT_WRITABLE 0x3
#define LARGE 0x80

	.section .multiboot, "a"
	.balign 4
	.long 0x1badb002, 0x00000003, -(0x1badb002 + 0x00000003)

	.code32
	.text
	.globl start
start:
	mov $stack_end, %esp
	/* What Multiboot hands over, as the arguments of kernel_main. */
	mov %eax, %edi
	mov %ebx, %esi

	movl $(page_directory_pointers + PRESENT_WRITABLE), page_map
	mov $page_directories + PRESENT_WRITABLE, %eax
	mov $page_directory_pointers, %edx
	mov $4, %ecx
1:	mov %eax, (%edx)
	add $4096, %eax
	add $8, %edx
	loop 1b
	mov $page_directories, %edx
	mov $(PRESENT_WRITABLE | LARGE), %eax
	mov $2048, %ecx
1:	mov %eax, (%edx)
	add $0x200000, %eax
	add $8, %edx
	loop 1b

	call enable_long_mode
	lgdt descriptor_table_register
	ljmp $0x18, $long_mode

	/* Paging with the tables above, in long mode; still in a 32-bit code segment. Changes EAX, ECX, EDX. */
	.globl enable_long_mode
enable_long_mode:
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
	or $(CR0_PG | CR0_WP), %eax
	mov %eax, %cr0
	ret

	.code64
long_mode:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov %edi, %edi
	mov %esi, %esi
	call kernel_main
	hlt

	.bss
	.balign 4096
	.globl page_map
page_map:
	.skip 4096
page_directory_pointers:
	.skip 4096
page_directories:
	.skip 4 * 4096
	.skip 16384
stack_end:
	.section .note.GNU-stack, "", @progbits
