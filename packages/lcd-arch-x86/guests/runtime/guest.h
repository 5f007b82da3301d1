/* SPDX-License-Identifier: MIT */
/* What the guest programs share: types, ports, printing, leaving, interrupts. For 32 and 64 bits. */
#ifndef GUEST_H
#define GUEST_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
/* As wide as an address. */
typedef unsigned long word;

#define NORETURN __attribute__((noreturn))
#define NULL ((void *)0)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Multiboot Specification 0.6.96, 3.3. */
#define MULTIBOOT_MAGIC 0x2badb002
#define MULTIBOOT_MEMORY (1u << 0)
#define MULTIBOOT_COMMAND_LINE (1u << 2)
#define MULTIBOOT_MODULES (1u << 3)
#define MULTIBOOT_MEMORY_MAP (1u << 6)

struct multiboot_module {
	u32 start, end, text, reserved;
};

struct multiboot_info {
	u32 flags, memory_lower, memory_upper, boot_device, command_line;
	u32 module_count, modules;
	u32 symbols[4];
	u32 map_length, map;
};

/* Where start32.S and start64.S go, with what Multiboot hands over. */
void kernel_main(u32 magic, const struct multiboot_info *info);

/* The command line without its first word, which is the file's name. */
const char *arguments(const struct multiboot_info *info);

/* Serial port COM1. Formats: %s, %d (u32), %x (word), %c. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the machine through QEMU's debug exit device: its exit code becomes 2 * code + 1. */
NORETURN void leave(u8 code);

/* Prints what was expected to be true and is not, and leaves with code 1. */
#define REQUIRE(condition) \
	do { if (!(condition)) { print("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); leave(1); } } while (0)

/* Registers at an interrupt or exception, as vectors.S leaves them on the stack. */
struct frame {
#ifdef __x86_64__
	word r15, r14, r13, r12, r11, r10, r9, r8;
#endif
	word di, si, bp, unused, bx, dx, cx, ax;
	word vector, error, ip, cs, flags, sp, ss;
};

typedef void handler(struct frame *frame);

/* Loads an interrupt descriptor table in which every vector has a gate; nobody handles them yet. */
void interrupts_init(void);
void on_interrupt(u8 vector, handler *run);
/* Lets CPL 3 use the vector with INT. */
void allow_user(u8 vector);

/* Selectors of the descriptor table in descriptors.S. */
#define KERNEL_CODE_32 0x08
#define KERNEL_DATA 0x10
#define KERNEL_CODE_64 0x18
#define USER_CODE_32 0x23
#define USER_DATA 0x2b
#define USER_CODE_64 0x33
#define TASK_STATE 0x38
#ifdef __x86_64__
#define KERNEL_CODE KERNEL_CODE_64
#define USER_CODE USER_CODE_64
#else
#define KERNEL_CODE KERNEL_CODE_32
#define USER_CODE USER_CODE_32
#endif

/* Loads a task state segment whose stack for CPL 0 ends at `stack_end`. */
void task_state_init(void *stack_end);

static inline void out8(u16 port, u8 value)
{
	__asm__ volatile("outb %0, %1" :: "a"(value), "Nd"(port) : "memory");
}

static inline void out16(u16 port, u16 value)
{
	__asm__ volatile("outw %0, %1" :: "a"(value), "Nd"(port) : "memory");
}

static inline void out32(u16 port, u32 value)
{
	__asm__ volatile("outl %0, %1" :: "a"(value), "Nd"(port) : "memory");
}

static inline u8 in8(u16 port)
{
	u8 value;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline u32 in32(u16 port)
{
	u32 value;
	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline word read_flags(void)
{
	word flags;
	__asm__ volatile("pushf; pop %0" : "=r"(flags));
	return flags;
}

#define FLAG_IF (1ul << 9)

static inline void enable_interrupts(void) { __asm__ volatile("sti" ::: "memory"); }
static inline void disable_interrupts(void) { __asm__ volatile("cli" ::: "memory"); }
static inline void halt(void) { __asm__ volatile("hlt" ::: "memory"); }
static inline void pause(void) { __asm__ volatile("pause" ::: "memory"); }

#define READ_REGISTER(name) ({ word value; __asm__ volatile("mov %%" #name ", %0" : "=r"(value)); value; })
#define WRITE_REGISTER(name, value) __asm__ volatile("mov %0, %%" #name :: "r"((word)(value)) : "memory")

static inline u64 read_msr(u32 index)
{
	u32 low, high;
	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
	return low | (u64)high << 32;
}

static inline void write_msr(u32 index, u64 value)
{
	__asm__ volatile("wrmsr" :: "c"(index), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

#endif
