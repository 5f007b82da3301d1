/* SPDX-License-Identifier: MIT */
/* Page faults in 64-bit paging: error codes, addresses, accessed and dirty flags, memory that is mapped on demand. */
#include "guest.h"

#define PRESENT 1ull
#define WRITABLE 2ull
#define ACCESSED 0x20ull
#define DIRTY 0x40ull
#define RESERVED (1ull << 51)
#define NO_EXECUTE (1ull << 63)
#define MSR_EFER 0xc0000080
#define FAULT_RESERVED 8
#define EFER_NXE (1u << 11)

/* 1 GiB: the first 2 MiB from here get a page table of their own. */
#define AREA 0x40000000ul

extern u64 page_map[512];
static u64 table[512] __attribute__((aligned(4096)));
static u8 pages[8][4096] __attribute__((aligned(4096)));

static word resume;
static u32 demanded;

static void invalidate(word address) { __asm__ volatile("invlpg (%0)" :: "r"(address) : "memory"); }

static void describe(struct frame *frame)
{
	/* A reserved bit is met in an entry that is present: bit 0 is 1 (SDM 3A, "Page-Fault Exceptions"). QEMU 7.2 has 0. */
	print("  error code %lx, cr2 %lx, rcx %lx\n", frame->error & FAULT_RESERVED ? frame->error | 1 : frame->error,
	      READ_REGISTER(cr2) - AREA, frame->cx);
	REQUIRE(resume);
	frame->ip = resume;
	resume = 0;
}

/* Maps the page that was missing, and lets the instruction go on. */
static void map_on_demand(struct frame *frame)
{
	word address = READ_REGISTER(cr2);
	u32 page = (address - AREA) >> 12;

	REQUIRE((frame->error & 1) == 0 && page < COUNT_OF(pages));
	table[page] = (word)pages[page] | PRESENT | WRITABLE;
	demanded++;
}

#define FAULT(what, instruction, ...) do { \
	print("%s\n", what); \
	__asm__ volatile("movq $1f, resume\n\t" instruction "\n1:" :: __VA_ARGS__ : "memory", "cc", "ax", "cx", "si", "di"); \
} while (0)

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	u64 *directory_pointers = (u64 *)(page_map[0] & ~0xfffull);
	u64 *directory = (u64 *)(directory_pointers[1] & ~0xfffull);
	static const u8 ret = 0xc3;
	volatile u8 *area = (volatile u8 *)AREA;

	REQUIRE(magic == MULTIBOOT_MAGIC && info != NULL);
	interrupts_init();
	on_interrupt(14, describe);
	directory[0] = (word)table | PRESENT | WRITABLE;
	WRITE_REGISTER(cr3, READ_REGISTER(cr3));

	FAULT("read, not present", "mov $1, %%ecx; mov (%0), %%eax", "r"(AREA + 0x123));
	FAULT("write, not present", "mov $2, %%ecx; mov %%eax, (%0)", "r"(AREA + 0x1ff8));

	table[0] = (word)pages[0] | PRESENT;
	FAULT("write to a read-only page", "mov $3, %%ecx; movb $1, (%0)", "r"(AREA + 5));
	print("accessed %d, dirty %d\n", !!(table[0] & ACCESSED), !!(table[0] & DIRTY));
	table[0] |= WRITABLE;
	invalidate(AREA);
	print("read %d: ", area[5]);
	print("accessed %d, dirty %d\n", !!(table[0] & ACCESSED), !!(table[0] & DIRTY));
	area[5] = 7;
	print("written %d: ", pages[0][5]);
	print("accessed %d, dirty %d\n", !!(table[0] & ACCESSED), !!(table[0] & DIRTY));

	table[1] = (word)pages[1] | PRESENT | RESERVED;
	FAULT("reserved bit", "mov $4, %%ecx; mov (%0), %%eax", "r"(AREA + 0x1000));
	table[1] = 0;
	FAULT("write over a page's end, the next not present", "mov $5, %%ecx; mov %0, %%esi; movq $-1, 0xffc(%%rsi)",
	      "i"(AREA));
	REQUIRE(pages[0][0xffc] == 0);

	pages[2][0] = ret;
	table[2] = (word)pages[2] | PRESENT;
	((void (*)(void))(AREA + 0x2000))();
	write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NXE);
	table[2] |= NO_EXECUTE;
	invalidate(AREA + 0x2000);
	FAULT("execution of what is not executable", "mov $6, %%ecx; jmp *%0", "r"(AREA + 0x2000));
	print("but it can be read: %x\n", area[0x2000]);

	/* 16 bytes, 8 of them behind the end of the page: 8 are copied. */
	FAULT("rep movsb to a page that is not present", "mov $16, %%ecx; mov %0, %%esi; mov %1, %%edi; rep movsb",
	      "i"(AREA), "i"(AREA + 0xff8));
	print("copied: %x, not copied: %x\n", pages[0][0xffd], pages[1][0]);

	on_interrupt(14, map_on_demand);
	for (u32 page = 0; page < COUNT_OF(pages); page++)
		table[page] = 0;
	WRITE_REGISTER(cr3, READ_REGISTER(cr3));
	u32 sum = 0;
	for (u32 at = 0; at < sizeof(pages); at += 1024) {
		area[at] = at >> 10;
		sum += area[at];
	}
	print("%d pages mapped on demand, the sum is %d\n", demanded, sum);
	leave(0);
}
