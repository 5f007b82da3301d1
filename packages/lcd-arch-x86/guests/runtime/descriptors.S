/* SPDX-License-Identifier: MIT */
/* The global descriptor table; selectors are in guest.h. */
	.data
	.balign 8
	.globl descriptor_table, descriptor_table_register, task_state_descriptor
descriptor_table:
	.quad 0
	.quad 0x00cf9a000000ffff	/* 08: code, 32 bits, ring 0 */
	.quad 0x00cf92000000ffff	/* 10: data, ring 0 */
	.quad 0x00af9a000000ffff	/* 18: code, 64 bits, ring 0 */
	.quad 0x00cffa000000ffff	/* 20: code, 32 bits, ring 3 */
	.quad 0x00cff2000000ffff	/* 28: data, ring 3 */
	.quad 0x00affa000000ffff	/* 30: code, 64 bits, ring 3 */
task_state_descriptor:
	.quad 0, 0			/* 38 */
descriptor_table_end:

descriptor_table_register:
	.word descriptor_table_end - descriptor_table - 1
	.long descriptor_table
	.long 0
	.section .note.GNU-stack, "", @progbits
