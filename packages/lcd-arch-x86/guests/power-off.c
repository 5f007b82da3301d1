/* SPDX-License-Identifier: MIT */
/* Turns the machine off through ACPI: its exit code is 0. */
#include "apic.h"

#define SLEEP_ENABLE (1 << 13)

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	const u8 *fadt = acpi_table("FACP");

	REQUIRE(magic == MULTIBOOT_MAGIC && info != NULL);
	print("turning the power off\n");
	/* ACPI 6.4, 5.2.9: PM1a_CNT_BLK at offset 64. The sleep type of S5 is 0 on the machine that this is for. */
	out16(*(const u32 *)(fadt + 64), SLEEP_ENABLE);
	for (;;)
		halt();
}
