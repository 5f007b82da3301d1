/* SPDX-License-Identifier: MIT */
#include "apic.h"

static u32 load32(const u8 *at) { return at[0] | at[1] << 8 | at[2] << 16 | (u32)at[3] << 24; }

static int sums_to_zero(const u8 *at, u32 length)
{
	u8 sum = 0;

	while (length--)
		sum += *at++;
	return sum == 0;
}

static int begins(const u8 *at, const char *text)
{
	while (*text)
		if (*at++ != (u8)*text++)
			return 0;
	return 1;
}

const u8 *acpi_table(const char *signature)
{
	const u8 *root = NULL;

	/* ACPI 6.4, 5.2.5.1: the pointer is on a 16-byte boundary between 0xe0000 and 0xfffff. */
	for (const u8 *at = (const u8 *)0xe0000; at < (const u8 *)0x100000 && !root; at += 16)
		if (begins(at, "RSD PTR ") && sums_to_zero(at, 20))
			root = (const u8 *)(word)load32(at + 16);
	REQUIRE(root && begins(root, "RSDT") && sums_to_zero(root, load32(root + 4)));
	for (u32 at = 36; at < load32(root + 4); at += 4) {
		const u8 *table = (const u8 *)(word)load32(root + at);
		if (begins(table, signature)) {
			REQUIRE(sums_to_zero(table, load32(table + 4)));
			return table;
		}
	}
	print("no ACPI table %s\n", signature);
	leave(1);
}

void find_processors(struct processors *found)
{
	const u8 *table = acpi_table("APIC");

	*found = (struct processors){ .timer_interrupt = 0 };
	/* ACPI 6.4, 5.2.12: structures of a type and a length, behind 44 bytes. */
	for (const u8 *at = table + 44; at < table + load32(table + 4); at += at[1]) {
		if (at[0] == 0 && (at[4] & 1))
			found->ids[found->count++] = at[3];
		else if (at[0] == 1)
			found->io_apic = load32(at + 4);
		else if (at[0] == 2 && at[3] == 0)
			found->timer_interrupt = load32(at + 4);
	}
}

void pic_init(void)
{
	static const u8 words[][2] = { { 0x11, 0x11 }, { 32, 40 }, { 4, 2 }, { 1, 1 }, { 0xff, 0xff } };

	for (unsigned i = 0; i < COUNT_OF(words); i++) {
		out8(i ? 0x21 : 0x20, words[i][0]);
		out8(i ? 0xa1 : 0xa0, words[i][1]);
	}
}

void pit_periodic(u16 ticks)
{
	out8(0x43, 0x34);
	out8(0x40, ticks);
	out8(0x40, ticks >> 8);
}
