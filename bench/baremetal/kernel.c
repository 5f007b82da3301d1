/* SPDX-License-Identifier: MIT */
/*
 * A kernel that runs one workload: the same for 32 and 64 bits, for any machine with a Multiboot loader and a UART.
 * The command line ends in "<name> <amount>". On the serial port it prints
 *
 *     start      before the workload runs
 *     end <checksum in hexadecimal>
 *
 * and then leaves through QEMU's debug exit device, where there is one.
 */
#include "../src/bench.h"

void kernel_main(u32 magic, u32 info_address);

#define MULTIBOOT_MAGIC 0x2badb002
#define MULTIBOOT_HAS_COMMAND_LINE (1u << 2)

#define COM1 0x3f8
#define LINE_STATUS (COM1 + 5)
#define TRANSMITTER_EMPTY 0x20
#define DEBUG_EXIT 0xf4

struct multiboot_info {
	u32 flags, memory_lower, memory_upper, boot_device, command_line;
};

#define WORKLOAD(name) unsigned long bench_##name(unsigned long amount);
#include "../src/workloads.h"
#undef WORKLOAD

static const struct workload {
	const char *name;
	unsigned long (*run)(unsigned long amount);
} workloads[] = {
#define WORKLOAD(name) { #name, bench_##name },
#include "../src/workloads.h"
#undef WORKLOAD
};

static inline void out(unsigned short port, u8 value)
{
	__asm__ volatile("outb %0, %1" :: "a"(value), "Nd"(port));
}

static inline u8 in(unsigned short port)
{
	u8 value;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static void print(const char *text)
{
	for (; *text; text++) {
		while (!(in(LINE_STATUS) & TRANSMITTER_EMPTY))
			;
		out(COM1, *text);
	}
}

static void print_hexadecimal(u32 value)
{
	char digits[9];
	for (int i = 7; i >= 0; i--, value >>= 4)
		digits[i] = "0123456789abcdef"[value & 15];
	digits[8] = 0;
	print(digits);
}

/* The last word of `line` before `end`, and where it begins. */
static const char *last_word(const char *line, const char *end)
{
	while (end > line && end[-1] != ' ')
		end--;
	return end;
}

static int equals(const char *a, const char *end, const char *b)
{
	while (a < end && *a == *b)
		a++, b++;
	return a == end && !*b;
}

static void leave(u8 code)
{
	out(DEBUG_EXIT, code);
	for (;;)
		__asm__ volatile("cli; hlt");
}

void kernel_main(u32 magic, u32 info_address)
{
	const struct multiboot_info *info = (const struct multiboot_info *)(unsigned long)info_address;
	const char *line, *end, *number, *name;
	unsigned long amount = 0;

	if (magic != MULTIBOOT_MAGIC || !(info->flags & MULTIBOOT_HAS_COMMAND_LINE)) {
		print("no command line\n");
		leave(1);
	}
	line = end = (const char *)(unsigned long)info->command_line;
	while (*end)
		end++;
	while (end > line && end[-1] == ' ')
		end--;
	number = last_word(line, end);
	name = last_word(line, number > line ? number - 1 : number);
	for (const char *digit = number; digit < end; digit++)
		amount = amount * 10 + (*digit - '0');

	for (unsigned i = 0; i < COUNT_OF(workloads); i++) {
		u32 checksum;
		if (!equals(name, number - 1, workloads[i].name))
			continue;
		print("start\n");
		checksum = workloads[i].run(amount);
		print("end ");
		print_hexadecimal(checksum);
		print("\n");
		leave(0);
	}
	print("no such workload\n");
	leave(1);
}
