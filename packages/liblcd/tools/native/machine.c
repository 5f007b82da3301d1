// SPDX-License-Identifier: MIT
/* The microkernel's side: syscalls, page tables, memory at the addresses that a domain has. */
#include <errno.h>
#include <sys/mman.h>
#include "harness.h"

#define SLOTS (1 << 14)
#define SPACE_END 0x18000000UL

static struct slot {
	bool used;
	unsigned int order;
	unsigned long gpa;	/* 0: not mapped */
} slots[SLOTS];

static unsigned long pages_left, pages_taken, syscalls;
static char console[1 << 16];
static size_t console_length;

static void fresh(unsigned long from, unsigned long to, int protection)
{
	void *got = mmap((void *)from, to - from, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);

	if (got != (void *)from)
		failed("mmap at %#lx: %s", from, strerror(errno));
}

void machine_reset(unsigned long pages)
{
	fresh(TABLES_BASE, 0x00508000UL, PROT_READ | PROT_WRITE);
	fresh(0x00508000UL, SPACE_END, PROT_NONE);
	memset(slots, 0, sizeof(slots));
	pages_left = pages;
	pages_taken = syscalls = 0;
	console_length = 0;
	console[0] = 0;
	*boot_info() = (struct boot_info){
		.magic = 0x31544f4f4244434cUL, /* LCDBOOT1 */
		.tables_next = TABLES_BASE + 0x1000, .tables_end = TABLES_END,
		.heap_start = HEAP_START, .heap_end = SPACE_END, .utcb = 0x504000, .stack_top = 0x508000,
	};
}

struct boot_info *boot_info(void)
{
	return (struct boot_info *)BOOT_INFO;
}

unsigned long machine_pages_taken(void)
{
	return pages_taken;
}

unsigned long machine_syscalls(void)
{
	return syscalls;
}

const char *machine_console(void)
{
	return console;
}

unsigned long k_lcd_read_cr3(void)
{
	return TABLES_BASE;
}

void k_lcd_flush_page(unsigned long gva)
{
	(void)gva;
}

unsigned long machine_walk(unsigned long gva)
{
	uint64_t entry = TABLES_BASE | 1;

	for (int shift = 39; shift >= 12; shift -= 9) {
		if (!(entry & 1))
			return -1UL;
		entry = ((uint64_t *)(entry & ~0xfffUL))[(gva >> shift) & 511];
	}
	return entry & 1 ? (entry & ~0xfffUL) | (gva & 0xfff) : -1UL;
}

/* As microkernel.md packs a cptr: three bits of slot, three times three of path, two of level. */
static bool valid_cptr(unsigned long cptr)
{
	unsigned long level = cptr >> 12, path = (cptr >> 3) & 0777;

	return cptr > 0 && level <= 3 && path >> (3 * level) == 0;
}

static long pages_alloc(unsigned long cptr, unsigned long order)
{
	if (!valid_cptr(cptr) || order > 10)
		return -EINVAL;
	if (slots[cptr].used)
		return -EEXIST;
	if (pages_left < 1UL << order)
		return -ENOMEM;
	pages_left -= 1UL << order;
	pages_taken += 1UL << order;
	slots[cptr] = (struct slot){ true, order, 0 };
	return 0;
}

static long map_pages(unsigned long cptr, unsigned long gpa)
{
	unsigned long size = 0x1000UL << slots[cptr].order;

	if (!valid_cptr(cptr) || !slots[cptr].used || gpa % 0x1000 || gpa < HEAP_START || gpa + size > SPACE_END)
		return -EINVAL;
	for (int i = 0; i < SLOTS; i++) {
		unsigned long other = 0x1000UL << slots[i].order;

		if (slots[i].gpa && slots[i].gpa < gpa + size && gpa < slots[i].gpa + other)
			return -EEXIST;
	}
	fresh(gpa, gpa + size, PROT_READ | PROT_WRITE);
	slots[cptr].gpa = gpa;
	return 0;
}

static long unmap_pages(unsigned long cptr)
{
	if (!valid_cptr(cptr) || !slots[cptr].gpa)
		return -EINVAL;
	fresh(slots[cptr].gpa, slots[cptr].gpa + (0x1000UL << slots[cptr].order), PROT_NONE);
	slots[cptr].gpa = 0;
	return 0;
}

/* Takes at most 100 bytes at a time, as it may. */
static long print(unsigned long gva, unsigned long length)
{
	if (length > 100)
		length = 100;
	if (console_length + length >= sizeof(console))
		failed("the domain prints too much");
	memcpy(console + console_length, (void *)gva, length);
	console_length += length;
	console[console_length] = 0;
	return length;
}

long k_lcd_syscall(unsigned long number, unsigned long r8, unsigned long r9)
{
	syscalls++;
	switch (number) {
	case 0:
		failed("the domain exits with %ld", (long)r8);
	case 7:
		return pages_alloc(r8, r9);
	case 8:
		return map_pages(r8, r9);
	case 9:
		return unmap_pages(r8);
	case 16:
		return 0;
	case 17:
		return print(r8, r9);
	default:
		return -ENOSYS;
	}
}
