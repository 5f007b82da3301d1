/* SPDX-License-Identifier: MIT */
/* 32-bit paging: 4 KiB and 4 MiB pages, write protection of CPL 0, PAE with its own root. */
#include "guest.h"

#define PRESENT 1u
#define WRITABLE 2u
#define ACCESSED 0x20u
#define DIRTY 0x40u
#define LARGE 0x80u
#define CR0_WP (1u << 16)
#define CR0_PG (1u << 31)
#define CR4_PSE (1u << 4)
#define CR4_PAE (1u << 5)

#define FAULT_RESERVED 8

#define AREA 0x40000000u
#define LARGE_AREA 0x50000000u

static u32 directory[1024] __attribute__((aligned(4096)));
static u32 table[1024] __attribute__((aligned(4096)));
static u64 pae_root[4] __attribute__((aligned(32)));
static u64 pae_directories[4][512] __attribute__((aligned(4096)));
static volatile u32 page[1024] __attribute__((aligned(4096)));

static void skip(struct frame *frame)
{
	/* Behind mov %eax, (%ecx): two bytes. */
	/* As in page-fault.c: bit 0 is 1 where a reserved bit is met. */
	print("  error code %x, cr2 %x\n", frame->error & FAULT_RESERVED ? frame->error | 1 : frame->error,
	      READ_REGISTER(cr2));
	frame->ip += 2;
}

static void write_to(u32 address)
{
	__asm__ volatile(".byte 0x89, 0x01" :: "a"(0x12345678), "c"(address) : "memory");
}

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	REQUIRE(magic == MULTIBOOT_MAGIC && info != NULL);
	interrupts_init();
	on_interrupt(14, skip);

	/* The first 16 MiB in large pages; `page` also at AREA, and the large page it is in at LARGE_AREA. */
	for (u32 i = 0; i < 4; i++)
		directory[i] = i << 22 | LARGE | WRITABLE | PRESENT;
	directory[AREA >> 22] = (u32)table | WRITABLE | PRESENT;
	directory[LARGE_AREA >> 22] = ((u32)page & 0xffc00000) | LARGE | PRESENT;
	table[0] = (u32)page | PRESENT;
	WRITE_REGISTER(cr4, READ_REGISTER(cr4) | CR4_PSE);
	WRITE_REGISTER(cr3, directory);
	WRITE_REGISTER(cr0, (READ_REGISTER(cr0) & ~CR0_WP) | CR0_PG);

	page[0] = 1;
	print("32-bit paging: %d %d\n", *(volatile u32 *)AREA,
	      *(volatile u32 *)(LARGE_AREA + ((u32)page & 0x3fffff)));
	print("without write protection CPL 0 writes to read-only pages: ");
	write_to(AREA);
	print("%x, accessed %d, dirty %d\n", page[0], (table[0] & ACCESSED) != 0, (table[0] & DIRTY) != 0);
	WRITE_REGISTER(cr0, READ_REGISTER(cr0) | CR0_WP);
	print("with it:\n");
	write_to(AREA + 8);
	write_to(LARGE_AREA);
	print("not present:\n");
	write_to(AREA + 0x1ffc);

	/* PAE: 2 MiB pages, four directories. */
	WRITE_REGISTER(cr0, READ_REGISTER(cr0) & ~CR0_PG);
	for (u32 i = 0; i < 4; i++)
		pae_root[i] = (u32)pae_directories[i] | PRESENT;
	for (u32 i = 0; i < 8; i++)
		pae_directories[0][i] = (u64)i << 21 | LARGE | WRITABLE | PRESENT;
	pae_directories[1][0] = ((u32)page & 0xffe00000) | LARGE | WRITABLE | PRESENT;
	WRITE_REGISTER(cr4, READ_REGISTER(cr4) | CR4_PAE);
	WRITE_REGISTER(cr3, pae_root);
	WRITE_REGISTER(cr0, READ_REGISTER(cr0) | CR0_PG);
	page[1] = 77;
	print("PAE: %d\n", *(volatile u32 *)(AREA + ((u32)page & 0x1fffff) + 4));
	pae_directories[1][1] = 1ull << 52 | LARGE | WRITABLE | PRESENT;
	print("reserved bit:\n");
	write_to(AREA + 0x200000);
	leave(0);
}
