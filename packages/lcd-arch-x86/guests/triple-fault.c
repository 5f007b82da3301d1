/* SPDX-License-Identifier: MIT */
/* No IDT, and an exception: the processor shuts down. */
#include "guest.h"

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	struct { u16 limit; word base; } __attribute__((packed)) none = { 0, 0 };

	REQUIRE(magic == MULTIBOOT_MAGIC && info != NULL);
	print("an exception without a table\n");
	__asm__ volatile("lidt %0; ud2" :: "m"(none));
	leave(1);
}
