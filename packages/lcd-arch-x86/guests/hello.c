/* SPDX-License-Identifier: MIT */
/* What Multiboot hands over: the processor's state, the command line, modules. */
#include "guest.h"

#define CR0_PE 1u
#define CR0_PG (1u << 31)
#define FLAG_VM (1ul << 17)

static volatile u32 below = 1;

/* Address bit 20 must work: otherwise an address of an odd MiB would be one of the even MiB below it. */
static int address_line_20(void)
{
	volatile u32 *above = (volatile u32 *)((word)&below ^ 0x100000);
	u32 before = *above;

	*above = 2;
	below = 3;
	int works = *above == 2;
	*above = before;
	return works;
}

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	const struct multiboot_module *modules = (const struct multiboot_module *)info->modules;
	word cr0 = READ_REGISTER(cr0);
	u16 cs;

	__asm__("mov %%cs, %0" : "=r"(cs));
	print("Hello from 32-bit protected mode!\n");
	print("magic %x, protected %d, paging %d, interrupts %d, virtual-8086 %d, ring %d, A20 %d\n", magic,
	      (cr0 & CR0_PE) != 0, (cr0 & CR0_PG) != 0, (read_flags() & FLAG_IF) != 0, (read_flags() & FLAG_VM) != 0,
	      cs & 3, address_line_20());
	REQUIRE(info->flags & MULTIBOOT_MEMORY);
	REQUIRE(info->memory_lower >= 512 && info->memory_lower <= 640);
	REQUIRE(info->flags & MULTIBOOT_MEMORY_MAP);
	print("%d MiB of RAM\n", (info->memory_upper + 1024 + 512) / 1024);
	print("arguments: \"%s\"\n", arguments(info));
	if (info->flags & MULTIBOOT_MODULES)
		for (u32 i = 0; i < info->module_count; i++) {
			print("module %d: %d bytes, page-aligned %d: ", i, modules[i].end - modules[i].start,
			      (modules[i].start & 4095) == 0);
			for (const char *at = (const char *)modules[i].start; at < (const char *)modules[i].end; at++)
				print("%c", *at);
			print("\n");
		}
	leave(0);
}
