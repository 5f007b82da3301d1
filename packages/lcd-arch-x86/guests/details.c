/* SPDX-License-Identifier: MIT */
/*
 * Details that tests of processors ask about. Prints what is not as the manual says. Features that are missing are left
 * out, and so is what QEMU 7.2 is known to do in another way, where CPUID tells of a hypervisor.
 */
#include "apic.h"

#define MSR_TSC_ADJUST 0x3b
#define MSR_APIC_BASE 0x1b
#define MSR_TSC_DEADLINE 0x6e0
#define MSR_FS_BASE 0xc0000100
#define MSR_KERNEL_GS_BASE 0xc0000102
#define APIC_VERSION_REGISTER 0x30
#define APIC_DEADLINE (2 << 17)
#define BASE_ENABLED (1ull << 11)
#define BASE_X2APIC (1ull << 10)
#define CR4_OSXSAVE (1ul << 18)
#define CR4_PCIDE (1ul << 17)
#define CR0_PG (1ul << 31)
#define CR0_TS 8ul
#define CR0_EM 4ul
#define FLAG_RF (1ul << 16)
#define NO_EXCEPTION 0xff
#define UD 6
#define GP 13
#define TIMER_VECTOR 0x40
#define LINE_VECTOR 0x78
#define LOW_LINE_VECTOR 0x66
/* pc-testdev: an interrupt line for each port. */
#define LINES 0x2000

static volatile word resume __attribute__((used)), raised, pushed_flags, order, counts[256];
static u32 wrong;

static void check(int condition, const char *what)
{
	if (!condition) {
		wrong++;
		print("not so: %s\n", what);
	}
}

static void on_exception(struct frame *frame)
{
	raised = frame->vector;
	pushed_flags = frame->flags;
	frame->ip = resume;
}

static void on_apic_interrupt(struct frame *frame)
{
	counts[frame->vector]++;
	order = order << 8 | frame->vector;
	apic_write(APIC_END_OF_INTERRUPT, 0);
}

/* The vector that an instruction raises, or NO_EXCEPTION. */
#define RAISED(instruction, ...) ({ \
	raised = NO_EXCEPTION; \
	__asm__ volatile("movq $1f, resume; " instruction "; 1:" :: __VA_ARGS__ : "memory", "cc"); \
	raised; \
})

static void cpuid(u32 leaf, u32 subleaf, u32 result[4])
{
	__asm__ volatile("cpuid" : "=a"(result[0]), "=b"(result[1]), "=c"(result[2]), "=d"(result[3]) : "a"(leaf), "c"(subleaf));
}

static int has(u32 leaf, int reg, int bit)
{
	u32 result[4];

	cpuid(leaf, 0, result);
	return result[reg] >> bit & 1;
}

static int hypervisor(void) { return has(1, 2, 31); }

static u64 time_stamp(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return low | (u64)high << 32;
}

static void exceptions(void)
{
	check(RAISED("ud2") == UD && (hypervisor() || pushed_flags & FLAG_RF), "a fault pushes RF");
	if (!hypervisor())
		check(RAISED("mov %0, %%cr4", "r"(0xfffffffful)) == GP, "reserved bits of CR4");
	check(RAISED(".byte 0x0f, 0x01, 0xfd", "c"(0)) == UD || has(0x80000008, 1, 4), "RDPRU");
	check(RAISED(".byte 0x8d, 0xc0") == UD, "LEA of a register");
	check(hypervisor() || RAISED(".byte 0x66, 0x0f, 0xae, 0xf8") == UD, "PCOMMIT");
	check(RAISED("jmp *%0", "r"(0x1111111111111111ul)) == GP, "a jump to an address that is not canonical");
	check(hypervisor() || RAISED("mov %w0, %%ss", "r"(3)) == GP, "a null selector in SS whose RPL is not the CPL");
	check(RAISED("mov %w0, %%ss; mov %w1, %%ss", "r"(0), "r"(KERNEL_DATA)) == NO_EXCEPTION, "a null selector in SS");
	check(RAISED("vmcall") == UD, "VMCALL outside of VMX operation");
}

static void machine_status(void)
{
	word cr0 = READ_REGISTER(cr0), ax;

	__asm__ volatile("smsww %w0" : "=a"(ax) : "0"(0x1234567890abcdef));
	check(ax == (0x1234567890ab0000 | (cr0 & 0xffff)), "SMSW with 16 bits");
	__asm__ volatile("smswq %0" : "=a"(ax) : "0"(0));
	check(ax == cr0, "SMSW with 64 bits");
	__asm__ volatile("lmsw %w0" :: "r"((cr0 & ~1ul) ^ CR0_EM));
	check(READ_REGISTER(cr0) == (cr0 ^ CR0_EM), "LMSW does not clear PE");
	__asm__ volatile("lmsw %w0" :: "r"(cr0));
	check(READ_REGISTER(cr0) == cr0, "LMSW");
}

static void extended_control(void)
{
	word cr4 = READ_REGISTER(cr4);
	u32 low, high;

	if (!has(1, 2, 26))
		return;
	check(RAISED("xgetbv", "c"(0)) == UD, "XGETBV without OSXSAVE");
	WRITE_REGISTER(cr4, cr4 | CR4_OSXSAVE);
	check(has(1, 2, 27), "CPUID tells of OSXSAVE");
	check(RAISED("xsetbv", "c"(0x1234500000000ul), "a"(3), "d"(0)) == NO_EXCEPTION, "the upper half of RCX");
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	check(low == 3 && high == 0, "XCR0");
	check(RAISED("xsetbv", "c"(0), "a"(0), "d"(0)) == GP, "XCR0 without the x87");
	check(RAISED("xsetbv", "c"(0), "a"(2), "d"(0)) == GP, "XCR0 with SSE alone");
	for (word number = 1; number < 32; number++) {
		check(RAISED("xsetbv", "c"(number), "a"(3), "d"(0)) == GP, "XSETBV of another register");
		check(RAISED("xsetbv", "c"(1ul << number), "a"(3), "d"(0)) == GP, "XSETBV of a register far away");
	}
	WRITE_REGISTER(cr4, cr4);
}

static void process_contexts(void)
{
	word cr0 = READ_REGISTER(cr0), cr3 = READ_REGISTER(cr3), cr4 = READ_REGISTER(cr4);
	static const u64 first[2] = { 1, 0 };

	if (has(1, 2, 17)) {
		WRITE_REGISTER(cr3, cr3 | 8);
		check(RAISED("mov %0, %%cr4", "r"(cr4 | CR4_PCIDE)) == GP, "PCIDE while CR3 has low bits");
		WRITE_REGISTER(cr3, cr3);
		check(RAISED("mov %0, %%cr4", "r"(cr4 | CR4_PCIDE)) == NO_EXCEPTION, "PCIDE");
		check(RAISED("mov %0, %%cr0", "r"(cr0 & ~CR0_PG)) == GP, "paging off while PCIDE is on");
		WRITE_REGISTER(cr4, cr4);
	}
	if (has(7, 1, 10))
		check(RAISED("invpcid (%0), %1", "r"(first), "r"(1ul)) == GP, "INVPCID of a context other than 0 without PCIDE");
}

static void bases(void)
{
	word old = read_msr(MSR_KERNEL_GS_BASE);

	write_msr(MSR_KERNEL_GS_BASE, 0x0000123456789abc);
	check(read_msr(MSR_KERNEL_GS_BASE) == 0x0000123456789abc, "KERNEL_GS_BASE");
	if (!hypervisor())
		check(RAISED("wrmsr", "c"(MSR_FS_BASE), "a"(0), "d"(0xaaaaaaaa)) == GP, "an FS_BASE that is not canonical");
	write_msr(MSR_KERNEL_GS_BASE, old);
}

static void time(void)
{
	const u64 much = 100000000000ull;
	u64 before = time_stamp();

	if (!has(7, 1, 1))
		return;
	check(read_msr(MSR_TSC_ADJUST) == 0, "TSC_ADJUST after reset");
	write_msr(MSR_TSC_ADJUST, much);
	check(read_msr(MSR_TSC_ADJUST) == much && time_stamp() - before >= much, "TSC_ADJUST moves the time stamp");
	write_msr(MSR_TSC_ADJUST, 0);
	before = time_stamp();
	write_msr(0x10, much);
	check(before <= much - read_msr(MSR_TSC_ADJUST) && time_stamp() >= much, "the time stamp moves TSC_ADJUST");
	write_msr(MSR_TSC_ADJUST, 0);
}

static void apic_base(void)
{
	u64 base = read_msr(MSR_APIC_BASE), off = base & ~(BASE_ENABLED | BASE_X2APIC);
	u32 version = apic_read(APIC_VERSION_REGISTER);

#define BASE_RAISES(value) RAISED("wrmsr", "c"(MSR_APIC_BASE), "a"((u32)(value)), "d"((u32)((value) >> 32)))
	check((version & 0xff) >= 0x10 && (version & 0xff) <= 0x15, "the APIC's version");
	WRITE_REGISTER(cr8, 0);
	if (!hypervisor()) {
		write_msr(MSR_APIC_BASE, off);
		check(!has(1, 3, 9), "an APIC that is off is not in CPUID");
		check(*(volatile u32 *)0xfee00030ul == 0xffffffff, "an APIC that is off has no registers");
		WRITE_REGISTER(cr8, 7);
		check(READ_REGISTER(cr8) == 7, "CR8 of an APIC that is off");
		write_msr(MSR_APIC_BASE, base);
		check(has(1, 3, 9) && apic_read(APIC_VERSION_REGISTER) == version, "the APIC is on again");
	}
	if (has(1, 2, 21)) {
		check(BASE_RAISES(base | 1) == GP, "reserved bits of APIC_BASE");
		check(BASE_RAISES(base | 1ull << 52) == GP, "an APIC_BASE behind the last address");
		check(BASE_RAISES(off | BASE_X2APIC) == GP, "APIC_BASE: an x2APIC that is off");
		write_msr(MSR_APIC_BASE, off | BASE_ENABLED | BASE_X2APIC);
		check(*(volatile u32 *)0xfee00030ul == 0xffffffff, "an x2APIC has no registers in memory");
		check(RAISED("wrmsr", "c"(0x802), "a"(5), "d"(0)) == GP, "an x2APIC's ID");
		WRITE_REGISTER(cr8, 5);
		check(READ_REGISTER(cr8) == 5 && read_msr(0x808) == 0x50, "CR8 of an x2APIC");
		check(BASE_RAISES(off | BASE_ENABLED) == GP, "APIC_BASE: from x2APIC to xAPIC");
		check(BASE_RAISES(off) == NO_EXCEPTION, "APIC_BASE: x2APIC off");
		check(BASE_RAISES(off | BASE_ENABLED | BASE_X2APIC) == GP, "APIC_BASE: from off to x2APIC");
		write_msr(MSR_APIC_BASE, base);
		check(READ_REGISTER(cr8) == 0, "CR8 of an APIC that was off");
	}
	apic_write(APIC_SPURIOUS, APIC_ENABLE | 0xff);
}

static void apic_timer(void)
{
	const u32 count = 0x99999;
	u32 now;

	apic_write(APIC_DIVIDE, APIC_DIVIDE_BY_1);
	apic_write(APIC_TIMER, TIMER_VECTOR | APIC_MASKED);
	apic_write(APIC_INITIAL_COUNT, count);
	now = apic_read(APIC_CURRENT_COUNT);
	check(now != 0 && now <= count, "a count that runs");
	while (apic_read(APIC_CURRENT_COUNT) != 0)
		;
	check(apic_read(APIC_INITIAL_COUNT) == count, "the initial count stays");
	/* Again when it has run out meanwhile: a machine that others use may stand still for a while. */
	for (u32 attempt = 0, on = 0; !on; attempt++) {
		apic_write(APIC_TIMER, TIMER_VECTOR | APIC_MASKED);
		apic_write(APIC_INITIAL_COUNT, count);
		while (apic_read(APIC_CURRENT_COUNT) > count / 2)
			;
		apic_write(APIC_TIMER, TIMER_VECTOR | APIC_MASKED | APIC_TIMER_PERIODIC);
		now = apic_read(APIC_CURRENT_COUNT);
		on = now != 0 && now <= count / 2;
		if (!on && attempt < 20)
			continue;
		check(on, "one-shot to periodic: it counts on");
		break;
	}
	while (apic_read(APIC_CURRENT_COUNT) <= count / 2)
		;
	apic_write(APIC_INITIAL_COUNT, 0);
	check(apic_read(APIC_CURRENT_COUNT) == 0, "an initial count of 0 stops it");
	if (has(1, 2, 24)) {
		apic_write(APIC_TIMER, TIMER_VECTOR | APIC_DEADLINE);
		enable_interrupts();
		write_msr(MSR_TSC_DEADLINE, time_stamp());
		__asm__ volatile("nop");
		disable_interrupts();
		check(counts[TIMER_VECTOR] == 1 && read_msr(MSR_TSC_DEADLINE) == 0, "a deadline that is over");
	}
	apic_write(APIC_TIMER, APIC_MASKED);
}

static void on_nmi(struct frame *frame)
{
	(void)frame;
	if (++counts[2] == 1)
		for (int i = 0; i < 10; i++)
			apic_command(0, COMMAND_NMI | COMMAND_ASSERT);
}

static void nmis(void)
{
	for (int i = 0; i < 100; i++) {
		counts[2] = 0;
		apic_command(0, COMMAND_NMI | COMMAND_ASSERT);
		for (int wait = 0; wait < 100; wait++)
			pause();
		check(counts[2] == 2, "NMIs during an NMI are one");
	}
}

static void redirect(const struct processors *found, u32 line, u32 entry)
{
	volatile u32 *base = (volatile u32 *)(word)found->io_apic;

	base[0] = 0x11 + 2 * line;
	base[4] = apic_read(APIC_ID);
	base[0] = 0x10 + 2 * line;
	base[4] = entry;
}

static void pulse(u32 line)
{
	out8(LINES + line, 1);
	out8(LINES + line, 0);
}

static void lines(void)
{
	struct processors found;

	find_processors(&found);
	redirect(&found, 14, LINE_VECTOR);
	redirect(&found, 15, LOW_LINE_VECTOR);
	order = 0;
	pulse(15);
	pulse(14);
	enable_interrupts();
	__asm__ volatile("nop");
	disable_interrupts();
	check(order == (LINE_VECTOR << 8 | LOW_LINE_VECTOR), "two lines of the I/O APIC at once");
	redirect(&found, 14, APIC_MASKED);
	redirect(&found, 15, APIC_MASKED);
}

static const struct {
	const char *name;
	void (*run)(void);
} groups[] = {
	{ "exceptions", exceptions }, { "machine status word", machine_status }, { "XCR0", extended_control },
	{ "process contexts", process_contexts }, { "bases", bases }, { "time stamp", time }, { "APIC base", apic_base },
	{ "APIC timer", apic_timer }, { "NMI", nmis }, { "lines", lines },
};

void kernel_main(u32 magic, const struct multiboot_info *info)
{
	REQUIRE(magic == MULTIBOOT_MAGIC && info != NULL);
	interrupts_init();
	pic_init();
	on_interrupt(UD, on_exception);
	on_interrupt(GP, on_exception);
	on_interrupt(2, on_nmi);
	on_interrupt(TIMER_VECTOR, on_apic_interrupt);
	on_interrupt(LINE_VECTOR, on_apic_interrupt);
	on_interrupt(LOW_LINE_VECTOR, on_apic_interrupt);
	apic_write(APIC_SPURIOUS, APIC_ENABLE | 0xff);

	for (u32 i = 0; i < COUNT_OF(groups); i++) {
		print("%s\n", groups[i].name);
		groups[i].run();
	}
	print("%d wrong\n", wrong);
	leave(wrong != 0);
}
