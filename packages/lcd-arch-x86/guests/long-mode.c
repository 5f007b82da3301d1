/* SPDX-License-Identifier: MIT */
/* 64-bit mode: wide registers, addresses above 4 GiB, and compatibility mode there and back. */
#include "guest.h"

#define MSR_EFER 0xc0000080
#define EFER_LMA (1u << 10)

extern u64 page_map[512];

/* Runs 32-bit code: gives 1 when REX is the instruction DEC EAX there, as it is outside 64-bit mode. */
u32 in_compatibility_mode(void);
__asm__(
	"in_compatibility_mode:\n"
	"	push %rbx\n"
	"	push $0x08\n"
	"	push $1f\n"
	"	lretq\n"
	"	.code32\n"
	"1:	mov $2, %eax\n"
	"	.byte 0x48\n" /* dec eax */
	"	nop\n"
	"	ljmp $0x18, $2f\n"
	"	.code64\n"
	"2:	pop %rbx\n"
	"	ret\n");

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	u64 product_high, product_low;
	volatile u64 *high = (volatile u64 *)0x8000200000;

	REQUIRE(magic == MULTIBOOT_MAGIC && info != NULL);
	print("Hello from 64-bit mode! LMA %d\n", (read_msr(MSR_EFER) & EFER_LMA) != 0);
	__asm__("mulq %3" : "=a"(product_low), "=d"(product_high) : "a"(0xfedcba9876543210), "r"(0x0123456789abcdefull));
	print("product %lx:%lx\n", (word)product_high, (word)product_low);

	/* The same memory again, from 512 GiB on. */
	page_map[1] = page_map[0];
	*(volatile u64 *)0x200000 = 0;
	*high = 0x1122334455667788;
	print("2 MiB is %lx\n", *(volatile u64 *)0x200000);
	print("compatibility mode: %d\n", in_compatibility_mode());
	leave(0);
}
