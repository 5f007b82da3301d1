/* SPDX-License-Identifier: MIT */
/* What QEMU's firmware configuration device tells a Multiboot kernel, and how the command line begins. */
#include "guest.h"

#define FW_CFG_SELECT 0x510
#define FW_CFG_DATA 0x511

#define ITEM_SIGNATURE 0x00
#define ITEM_INTERFACE 0x01
#define ITEM_MEMORY 0x03
#define ITEM_NO_GRAPHIC 0x04
#define ITEM_PROCESSORS 0x05
#define ITEM_MAX_PROCESSORS 0x0f
#define ITEM_COMMAND_LINE_ADDRESS 0x13
#define ITEM_COMMAND_LINE_SIZE 0x14
#define ITEM_COMMAND_LINE 0x15
#define ITEM_FILES 0x19

/* A number of so many bytes. */
static u32 number(u16 item, u32 size)
{
	u32 value = 0;

	out16(FW_CFG_SELECT, item);
	for (u32 i = 0; i < size; i++)
		value |= (u32)in8(FW_CFG_DATA) << i * 8;
	return value;
}

static u32 big_endian(void)
{
	u32 value = 0;

	for (u32 i = 0; i < 4; i++)
		value = value << 8 | in8(FW_CFG_DATA);
	return value;
}

static int is_same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* The size of a file, or 0. */
static u32 file_size(const char *wanted)
{
	out16(FW_CFG_SELECT, ITEM_FILES);
	for (u32 left = big_endian(); left; left--) {
		u32 size = big_endian();
		char name[56];

		big_endian();
		for (u32 i = 0; i < sizeof(name); i++)
			name[i] = (char)in8(FW_CFG_DATA);
		if (is_same(name, wanted))
			return size;
	}
	return 0;
}

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	const char *text = (const char *)(word)info->command_line;

	REQUIRE(magic == MULTIBOOT_MAGIC && (info->flags & MULTIBOOT_COMMAND_LINE));
	/* There may be DMA, too: bit 1. */
	print("signature %x, interface %d\n", number(ITEM_SIGNATURE, 4), number(ITEM_INTERFACE, 4) & 1);
	print("%d bytes of memory, %d processors of %d\n", number(ITEM_MEMORY, 4), number(ITEM_PROCESSORS, 2),
	      number(ITEM_MAX_PROCESSORS, 2));
	print("no graphic: %d\n", number(ITEM_NO_GRAPHIC, 2));
	print("a memory map: %d, with part of an entry: %d bytes\n", file_size("etc/e820") >= 20, file_size("etc/e820") % 20);
	/* Only a kernel of Linux's format gets its command line here. */
	print("command line at %x, %d bytes: %x\n", number(ITEM_COMMAND_LINE_ADDRESS, 4),
	      number(ITEM_COMMAND_LINE_SIZE, 4), number(ITEM_COMMAND_LINE, 4));
	while (*text && *text != ' ')
		text++;
	print("behind the file's name: \"%s\"\n", text);
	leave(0);
}
