/* SPDX-License-Identifier: MIT */
#include "guest.h"

#define COM1 0x3f8
#define LINE_STATUS (COM1 + 5)
#define TRANSMITTER_EMPTY 0x20
#define DEBUG_EXIT 0xf4

static void print_character(char character)
{
	while (!(in8(LINE_STATUS) & TRANSMITTER_EMPTY))
		;
	out8(COM1, character);
}

static void print_string(const char *text)
{
	while (*text)
		print_character(*text++);
}

static void print_number(word value, unsigned base)
{
	char digits[24], *digit = digits + sizeof(digits) - 1;

	*digit = 0;
	do {
		*--digit = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	print_string(digit);
}

void print(const char *format, ...)
{
	__builtin_va_list list;

	__builtin_va_start(list, format);
	for (; *format; format++) {
		if (*format != '%') {
			print_character(*format);
			continue;
		}
		switch (*++format) {
		case 'l': /* %lx */
			format++;
			print_number(__builtin_va_arg(list, word), 16);
			break;
		case 'x':
			print_number(__builtin_va_arg(list, u32), 16);
			break;
		case 'd':
			print_number(__builtin_va_arg(list, u32), 10);
			break;
		case 's':
			print_string(__builtin_va_arg(list, const char *));
			break;
		case 'c':
			print_character(__builtin_va_arg(list, int));
			break;
		}
	}
	__builtin_va_end(list);
}

void leave(u8 code)
{
	out8(DEBUG_EXIT, code);
	for (;;)
		__asm__ volatile("cli; hlt");
}

const char *arguments(const struct multiboot_info *info)
{
	const char *text = (const char *)(word)info->command_line;

	while (*text && *text != ' ')
		text++;
	return *text ? text + 1 : text;
}

/* Interrupt descriptors (SDM 3A, "IDT Descriptors"). */
struct gate {
	u16 offset_low, selector;
	u8 stack, type;
	u16 offset_middle;
#ifdef __x86_64__
	u32 offset_high, reserved;
#endif
};

#define INTERRUPT_GATE 0x8e
#define FROM_USER 0x60

static struct gate gates[256];
static handler *handlers[256];
extern const u8 vector_entries[256][16];

void interrupts_init(void)
{
	struct { u16 limit; word base; } __attribute__((packed)) table = { sizeof(gates) - 1, (word)gates };

	for (unsigned vector = 0; vector < 256; vector++) {
		word entry = (word)vector_entries[vector];
		gates[vector] = (struct gate){
			.offset_low = entry, .offset_middle = entry >> 16, .selector = KERNEL_CODE, .type = INTERRUPT_GATE,
		};
	}
	__asm__ volatile("lidt %0" :: "m"(table));
}

void on_interrupt(u8 vector, handler *run)
{
	handlers[vector] = run;
}

void allow_user(u8 vector)
{
	gates[vector].type |= FROM_USER;
}

/* Called by vectors.S. */
void interrupt(struct frame *frame);

void interrupt(struct frame *frame)
{
	if (handlers[frame->vector]) {
		handlers[frame->vector](frame);
		return;
	}
	print("unexpected vector %lx, error code %lx, at %lx, cr2 %lx\n", frame->vector, frame->error, frame->ip,
	      READ_REGISTER(cr2));
	leave(0x7f);
}

/* Task state segment (SDM 3A, "Task Management"): only the stack for CPL 0 is used. */
#ifdef __x86_64__
static struct { u32 reserved; u64 stack; u32 rest[23]; } __attribute__((packed)) task_state;
#else
static struct { u32 link, stack, segment, rest[23]; } __attribute__((packed)) task_state;
#endif

extern u32 task_state_descriptor[4];

void task_state_init(void *stack_end)
{
	word base = (word)&task_state;

	task_state.stack = (word)stack_end;
#ifndef __x86_64__
	task_state.segment = KERNEL_DATA;
#endif
	/* No I/O permission bitmap: its offset is the limit's. */
	task_state.rest[22] = sizeof(task_state) << 16;
	task_state_descriptor[0] = (sizeof(task_state) - 1) | (u32)base << 16;
	task_state_descriptor[1] = ((u32)base >> 16 & 0xff) | 0x8900 | ((u32)base & 0xff000000);
#ifdef __x86_64__
	task_state_descriptor[2] = base >> 32;
#endif
	__asm__ volatile("ltr %w0" :: "r"(TASK_STATE));
}
