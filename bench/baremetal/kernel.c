/* SPDX-License-Identifier: MIT */
/*
 * A kernel that runs one workload: the same for 32 and 64 bits, for any machine with a Multiboot loader and a UART.
 * The command line ends in "<name> <amount>". On the serial port it prints
 *
 *     start      before the workload runs
 *     end <checksum in hexadecimal>
 *
 * or "no ..." when it cannot, and then leaves through QEMU's debug exit device, where there is one.
 *
 * The workload "module" is code that comes as Multiboot modules: functions that are called in turn, `amount` times.
 */
#include "../src/bench.h"

void kernel_main(u32 magic, u32 info_address);

#define MULTIBOOT_MAGIC 0x2badb002
#define MULTIBOOT_HAS_COMMAND_LINE (1u << 2)
#define MULTIBOOT_HAS_MODULES (1u << 3)

#define COM1 0x3f8
#define LINE_STATUS (COM1 + 5)
#define TRANSMITTER_EMPTY 0x20
#define DEBUG_EXIT 0xf4

/* CPUID leaf 1, EDX. */
#define FEATURE_SSE2 (1u << 26)
#define CR0_MP 0x2ul
#define CR0_EM 0x4ul
#define CR4_OSFXSR 0x200ul

struct multiboot_info {
	u32 flags, memory_lower, memory_upper, boot_device, command_line, module_count, modules;
};

struct multiboot_module {
	u32 start, end, text, reserved;
};

typedef unsigned long workload_function(unsigned long amount);

#define WORKLOAD(name, amount) workload_function bench_##name;
#define SSE_WORKLOAD WORKLOAD
#include "../src/workloads.h"
#undef WORKLOAD
#undef SSE_WORKLOAD

static workload_function run_modules;

static const struct workload {
	const char *name;
	workload_function *run;
	int needs_sse;
} workloads[] = {
#define WORKLOAD(name, amount) { #name, bench_##name, 0 },
#define SSE_WORKLOAD(name, amount) { #name, bench_##name, 1 },
#include "../src/workloads.h"
	{ "module", run_modules, 0 },
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

static const struct multiboot_module *modules;
static u32 module_count;

static unsigned long run_modules(unsigned long amount)
{
	unsigned long result = 0;
	for (u32 i = 0; i < amount; i++)
		result ^= ((unsigned long (*)(void))(unsigned long)modules[i % module_count].start)();
	return result;
}

static int enable_sse(void)
{
	u32 eax = 1, ebx, ecx = 0, edx;
	unsigned long control;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	if (!(edx & FEATURE_SSE2))
		return 0;
	__asm__ volatile("mov %%cr0, %0" : "=r"(control));
	__asm__ volatile("mov %0, %%cr0" :: "r"((control & ~CR0_EM) | CR0_MP));
	__asm__ volatile("mov %%cr4, %0" : "=r"(control));
	__asm__ volatile("mov %0, %%cr4" :: "r"(control | CR4_OSFXSR));
	return 1;
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
	modules = (const struct multiboot_module *)(unsigned long)info->modules;
	module_count = info->flags & MULTIBOOT_HAS_MODULES ? info->module_count : 0;

	for (unsigned i = 0; i < COUNT_OF(workloads); i++) {
		u32 checksum;
		if (!equals(name, number - 1, workloads[i].name))
			continue;
		if (workloads[i].needs_sse && !enable_sse()) {
			print("no SSE2, says CPUID\n");
			leave(1);
		}
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
