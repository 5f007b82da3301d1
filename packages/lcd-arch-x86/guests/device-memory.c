/* SPDX-License-Identifier: MIT */
/* Instructions of all kinds whose operands are in a device: pc-testdev's memory behaves as RAM does. */
#include "guest.h"

#define DEVICE 0xff000000ul
#define TEST_PORT 0xe0
#define CR4_OSFXSR (1ul << 9)
#define CR0_EM 4ul
#define CR0_MP 2ul

static u8 ram[8192] __attribute__((aligned(4096)));
static u8 source[64] __attribute__((aligned(64)));

static void fill(volatile u8 *memory)
{
	for (u32 i = 0; i < sizeof(ram); i++)
		memory[i] = (u8)(i * 7 + i / 256);
}

#define PLAIN(name, code) \
	static void name(volatile u8 *memory) \
	{ \
		u8 *from = source; \
		__asm__ volatile(code : "+b"(memory), "+d"(from) :: "memory", "cc", "ax", "cx", "si", "di", "r8"); \
	}

PLAIN(moves, "movb $0x11, (%%rbx); movw $0x2233, 1(%%rbx); movl $0x44556677, 3(%%rbx); movq $-2, 8(%%rbx);"
	     "mov 9(%%rbx), %%rax; mov %%rax, 16(%%rbx); movzbl 3(%%rbx), %%eax; mov %%eax, 24(%%rbx)")
PLAIN(arithmetic, "addb $0x81, (%%rbx); adcw $0x1234, 2(%%rbx); subl $7, 4(%%rbx); sbbq $9, 8(%%rbx); notl 16(%%rbx);"
		  "negq 24(%%rbx); incw 33(%%rbx); shll $5, 36(%%rbx); rclq $3, 40(%%rbx); btcl $99, 48(%%rbx)")
PLAIN(locked, "mov $5, %%eax; lock xadd %%eax, (%%rbx); xchg %%rax, 8(%%rbx); mov %%rax, 16(%%rbx);"
	      "mov 24(%%rbx), %%rax; mov $77, %%ecx; lock cmpxchg %%rcx, 24(%%rbx); lock orb $1, 33(%%rbx)")
PLAIN(compare_exchange, "mov %%rbx, %%r8; mov (%%r8), %%eax; mov 4(%%r8), %%edx; mov $1, %%ebx; mov $2, %%ecx;"
			"lock cmpxchg8b (%%r8); mov 16(%%r8), %%rax; mov 24(%%r8), %%rdx; mov $3, %%ebx;"
			"lock cmpxchg16b 16(%%r8); mov %%r8, %%rbx; lea source, %%rdx")
PLAIN(multiply, "mov $3, %%eax; mull (%%rbx); mov %%eax, 8(%%rbx); mov %%edx, 12(%%rbx); xor %%edx, %%edx;"
		"mov $1000, %%eax; divb 1(%%rbx); mov %%ax, 16(%%rbx); imul $51, 24(%%rbx), %%rax; mov %%rax, 32(%%rbx)")
PLAIN(stack, "mov %%rsp, %%r8; lea 128(%%rbx), %%rsp; push $-7; pushq 8(%%rbx); popq 16(%%rbx); pushw 1(%%rbx); pushf;"
	     "pop %%rax; mov %%r8, %%rsp")
PLAIN(strings, "lea 64(%%rbx), %%rdi; mov %%rdx, %%rsi; mov $40, %%ecx; rep movsb; lea 64(%%rbx), %%rsi; lea 128(%%rbx), %%rdi;"
	       "mov $5, %%ecx; rep movsq; mov $0x5a, %%eax; mov $10, %%ecx; rep stosw; lea 64(%%rbx), %%rsi;"
	       "lea 128(%%rbx), %%rdi; mov $50, %%ecx; repe cmpsb; mov %%ecx, (%%rbx); lea 128(%%rbx), %%rdi; mov $60, %%ecx;"
	       "repne scasb; mov %%ecx, 4(%%rbx)")
PLAIN(ports, "mov $0x9a, %%al; outb %%al, $0xe0; mov $0xe0, %%edx; lea 4064(%%rbx), %%rdi; mov $64, %%ecx; rep insb;"
	     "movb $0x77, 4090(%%rbx); lea 4090(%%rbx), %%rsi; mov $1, %%ecx; rep outsb; inb $0xe0, %%al; mov %%al, (%%rbx)")
PLAIN(across_pages, "mov 4095(%%rbx), %%ax; mov %%ax, (%%rbx); movw $0x88aa, 4095(%%rbx); mov 4093(%%rbx), %%rax;"
		    "mov %%rax, 8(%%rbx); movq $-3, 4089(%%rbx); lock incl 4094(%%rbx)")
PLAIN(vectors, "movdqu (%%rbx), %%xmm0; paddb (%%rdx), %%xmm0; movaps %%xmm0, 16(%%rbx); movups 4089(%%rbx), %%xmm1;"
	       "movlps %%xmm1, 40(%%rbx); movhps %%xmm1, 49(%%rbx); movdqu %%xmm1, 4083(%%rbx); movd %%xmm1, 60(%%rbx)")
PLAIN(floating, "fninit; fildll (%%rbx); fstpt 16(%%rbx); fldpi; fstpl 32(%%rbx); fldt 16(%%rbx); fistpll 48(%%rbx);"
		"fnstcw 58(%%rbx); movq (%%rbx), %%mm0; paddb 8(%%rbx), %%mm0; movq %%mm0, 64(%%rbx); emms")
/* What is stored tells of the processor. */
PLAIN(images, "fninit; fnstenv 0x200(%%rbx); fldenv 0x200(%%rbx); fxsave 0x400(%%rbx); fxrstor 0x400(%%rbx); stmxcsr (%%rbx);"
	      "sgdt 4(%%rbx); smsw 16(%%rbx); mov %%ds, 18(%%rbx)")

static const struct {
	const char *name;
	void (*run)(volatile u8 *memory);
} cases[] = {
	{ "moves", moves }, { "arithmetic", arithmetic }, { "locked", locked }, { "compare and exchange", compare_exchange },
	{ "multiply and divide", multiply }, { "stack", stack }, { "strings", strings }, { "ports", ports },
	{ "across pages", across_pages }, { "vectors", vectors }, { "floating point", floating }, { "images", images },
};

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	volatile u8 *device = (volatile u8 *)DEVICE;

	REQUIRE(magic == MULTIBOOT_MAGIC && info != NULL);
	interrupts_init();
	WRITE_REGISTER(cr0, (READ_REGISTER(cr0) & ~CR0_EM) | CR0_MP);
	WRITE_REGISTER(cr4, READ_REGISTER(cr4) | CR4_OSFXSR);
	for (u32 i = 0; i < sizeof(source); i++)
		source[i] = (u8)(0xf0 - i * 3);
	for (u32 i = 0; i < COUNT_OF(cases); i++) {
		u32 differing = 0, sum = 0;

		fill(ram);
		fill(device);
		cases[i].run(ram);
		cases[i].run(device);
		for (u32 at = 0; at < sizeof(ram); at++) {
			sum = sum * 31 + ram[at];
			differing += ram[at] != device[at];
		}
		print("%s: %d bytes differ from RAM", cases[i].name, differing);
		if (cases[i].run == images)
			print("\n");
		else
			print(", checksum %x\n", sum);
	}
	leave(0);
}
