/* SPDX-License-Identifier: MIT */
/* The local APIC, and the tables that tell about processors and interrupts. */
#ifndef APIC_H
#define APIC_H
#include "guest.h"

/* Registers of the local APIC (SDM 3A, "Local APIC Register Address Map"). */
#define APIC_ID 0x20
#define APIC_TASK_PRIORITY 0x80
#define APIC_END_OF_INTERRUPT 0xb0
#define APIC_SPURIOUS 0xf0
#define APIC_IN_SERVICE 0x100
#define APIC_REQUEST 0x200
#define APIC_COMMAND 0x300
#define APIC_COMMAND_HIGH 0x310
#define APIC_TIMER 0x320
#define APIC_LINT0 0x350
#define APIC_INITIAL_COUNT 0x380
#define APIC_CURRENT_COUNT 0x390
#define APIC_DIVIDE 0x3e0

#define APIC_ENABLE 0x100
#define APIC_MASKED (1 << 16)
#define APIC_TIMER_PERIODIC (1 << 17)
#define APIC_DIVIDE_BY_1 0xb

/* Commands: delivery mode, level, shorthand. */
#define COMMAND_INIT (5 << 8)
#define COMMAND_STARTUP (6 << 8)
#define COMMAND_NMI (4 << 8)
#define COMMAND_ASSERT (1 << 14)
#define COMMAND_SELF (1 << 18)
#define COMMAND_ALL_OTHERS (3 << 18)
#define COMMAND_PENDING (1 << 12)

static inline u32 apic_read(u32 reg) { return *(volatile u32 *)(0xfee00000ul + reg); }
static inline void apic_write(u32 reg, u32 value) { *(volatile u32 *)(0xfee00000ul + reg) = value; }

static inline void apic_command(u32 destination, u32 command)
{
	apic_write(APIC_COMMAND_HIGH, destination << 24);
	apic_write(APIC_COMMAND, command);
	while (apic_read(APIC_COMMAND) & COMMAND_PENDING)
		pause();
}

/* An ACPI table by its signature, checked; leaves with code 1 when there is none. */
const u8 *acpi_table(const char *signature);

/* What the MADT says. */
struct processors {
	u32 count;
	u8 ids[32];
	u32 io_apic;
	/* The global interrupt that ISA interrupt 0 is. */
	u32 timer_interrupt;
};
void find_processors(struct processors *found);

/* Initializes both 8259s for vectors 32 to 47, all of them masked. */
void pic_init(void);
#define PIC_MASK_1 0x21
#define PIC_COMMAND_1 0x20
#define PIC_END_OF_INTERRUPT 0x20

/* Lets the 8254 interrupt with a period of so many of its ticks, of 1193182 a second. */
void pit_periodic(u16 ticks);

#endif
