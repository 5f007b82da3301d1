/* SPDX-License-Identifier: MIT */
/* What small kernels count on because QEMU and its firmware have it: they were never tried on anything else. */
#include "apic.h"

#define COM1 0x3f8
#define INTERRUPT_ENABLE (COM1 + 1)
#define MODEM_CONTROL (COM1 + 4)
#define TRANSMITTER 0x02
#define LOOP 0x10

#define KEYBOARD_DATA 0x60
#define KEYBOARD_COMMAND 0x64
#define OUTPUT_FULL 0x01
#define FROM_MOUSE 0x20
#define ENABLE_MOUSE 0xa8
#define WRITE_MOUSE 0xd4

#define CRTC_INDEX 0x3d4
#define CRTC_DATA 0x3d5
#define CURSOR_HIGH 14
#define CURSOR_LOW 15
#define INPUT_STATUS 0x3da
#define VERTICAL_RETRACE 0x08

#define TICKS 3
#define BYTES 5

static volatile u32 interrupted[16];

static void on_request(struct frame *frame)
{
	interrupted[frame->vector - 32]++;
	out8(PIC_COMMAND_1, PIC_END_OF_INTERRUPT);
}

/* Interrupts are on while it waits only. */
static void wait_for(u32 request, u32 times)
{
	while (interrupted[request] < times) {
		enable_interrupts();
		halt();
		disable_interrupts();
	}
}

/* The timer ticks though nobody has programmed it. */
static void timer(void)
{
	out8(PIC_MASK_1, 0xfe);
	wait_for(0, TICKS);
	print("the timer ticks\n");
}

/* OUT2 is 0, and IIR is never read: there is one interrupt when the transmitter's is enabled, and one for each byte. */
static void serial_port(void)
{
	out8(PIC_MASK_1, 0xef);
	out8(MODEM_CONTROL, LOOP);
	out8(INTERRUPT_ENABLE, TRANSMITTER);
	wait_for(4, 1);
	for (u32 byte = 1; byte <= BYTES; byte++) {
		out8(COM1, byte);
		wait_for(4, 1 + byte);
	}
	out8(INTERRUPT_ENABLE, 0);
	out8(MODEM_CONTROL, 0);
	print("the serial port interrupts without OUT2: %d times for %d bytes\n", interrupted[4], BYTES);
}

/* A polled answer of `length` bytes. */
static void print_answer(const char *name, u32 length)
{
	print("%s:", name);
	while (length--) {
		while (!(in8(KEYBOARD_COMMAND) & OUTPUT_FULL))
			;
		print(in8(KEYBOARD_COMMAND) & FROM_MOUSE ? " m%x" : " %x", in8(KEYBOARD_DATA));
	}
	print("\n");
}

static void write_mouse(u8 byte)
{
	out8(KEYBOARD_COMMAND, WRITE_MOUSE);
	out8(KEYBOARD_DATA, byte);
}

static void keyboard_and_mouse(void)
{
	out8(PIC_MASK_1, 0xff);
	while (in8(KEYBOARD_COMMAND) & OUTPUT_FULL)
		in8(KEYBOARD_DATA);
	out8(KEYBOARD_DATA, 0xff);
	print_answer("keyboard, reset", 2);
	out8(KEYBOARD_DATA, 0xf2);
	print_answer("keyboard, identify", 3);
	out8(KEYBOARD_DATA, 0xed);
	print_answer("keyboard, lamps", 1);
	out8(KEYBOARD_DATA, 0x07);
	print_answer("keyboard, lamps", 1);
	out8(KEYBOARD_COMMAND, ENABLE_MOUSE);
	write_mouse(0xff);
	print_answer("mouse, reset", 3);
	write_mouse(0xf2);
	print_answer("mouse, identify", 2);

	out8(PIC_MASK_1, 0xfd);
	out8(KEYBOARD_DATA, 0xee);
	wait_for(1, 1);
	print("keyboard, echo, interrupts: %x\n", in8(KEYBOARD_DATA));
}

static u8 crtc(u8 index)
{
	out8(CRTC_INDEX, index);
	return in8(CRTC_DATA);
}

static void screen(void)
{
	volatile u16 *text = (volatile u16 *)0xb8000;

	print("the cursor is on the screen: %s\n", (crtc(CURSOR_HIGH) << 8 | crtc(CURSOR_LOW)) < 80 * 25 ? "yes" : "no");
	out8(CRTC_INDEX, CURSOR_HIGH);
	out8(CRTC_DATA, 81 >> 8);
	out8(CRTC_INDEX, CURSOR_LOW);
	out8(CRTC_DATA, 81 & 0xff);
	print("the cursor is at %d\n", crtc(CURSOR_HIGH) << 8 | crtc(CURSOR_LOW));
	text[81] = 'x' | 0x700;
	print("text memory keeps %x\n", text[81]);
	while (!(in8(INPUT_STATUS) & VERTICAL_RETRACE))
		;
	while (in8(INPUT_STATUS) & VERTICAL_RETRACE)
		;
	print("the beam goes back\n");
}

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	REQUIRE(magic == MULTIBOOT_MAGIC && info != NULL);
	interrupts_init();
	pic_init();
	for (u32 request = 0; request < 8; request++)
		on_interrupt(32 + request, on_request);
	timer();
	serial_port();
	keyboard_and_mouse();
	screen();
	leave(0);
}
