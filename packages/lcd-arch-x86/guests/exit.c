/* SPDX-License-Identifier: MIT */
/* Leaves with the code that the command line names in decimal. */
#include "guest.h"

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	u32 code = 0;

	REQUIRE(magic == MULTIBOOT_MAGIC);
	for (const char *digit = arguments(info); *digit >= '0' && *digit <= '9'; digit++)
		code = code * 10 + (*digit - '0');
	print("leaving with %d\n", code);
	leave(code);
}
