/* SPDX-License-Identifier: MIT */
/*
 * Addresses and capability names, each a type of its own, so that the compiler
 * rejects one where another is meant.
 */
#ifndef LCD_DOMAINS_TYPES_H
#define LCD_DOMAINS_TYPES_H

#include <linux/types.h>
#include <lcd-domains/liblcd-config.h>

/* Guest-physical address: what page tables hold and MMAP takes. */
typedef struct {
	unsigned long gpa;
} gpa_t;

/* Guest-virtual address: what pointers hold. */
typedef struct {
	unsigned long gva;
} gva_t;

/* The name of a slot in the domain's cspace. */
typedef struct {
	unsigned long cptr;
} cptr_t;

static inline gpa_t __gpa(unsigned long address)
{
	return (gpa_t){ address };
}

static inline unsigned long gpa_val(gpa_t gpa)
{
	return gpa.gpa;
}

static inline gpa_t gpa_add(gpa_t gpa, unsigned long bytes)
{
	return __gpa(gpa_val(gpa) + bytes);
}

static inline gva_t __gva(unsigned long address)
{
	return (gva_t){ address };
}

static inline unsigned long gva_val(gva_t gva)
{
	return gva.gva;
}

static inline gva_t gva_add(gva_t gva, unsigned long bytes)
{
	return __gva(gva_val(gva) + bytes);
}

static inline cptr_t __cptr(unsigned long bits)
{
	return (cptr_t){ bits };
}

static inline unsigned long cptr_val(cptr_t cptr)
{
	return cptr.cptr;
}

/* Cptr 0 names nothing, always. */
#define LCD_CPTR_NULL __cptr(0)

static inline bool cptr_is_null(cptr_t cptr)
{
	return cptr_val(cptr) == 0;
}

/* How many steps lead from the root table to the table of this slot: 0 .. LCD_CPTR_MAX_LEVEL. */
static inline unsigned int lcd_cptr_level(cptr_t cptr)
{
	return (cptr_val(cptr) >> LCD_CPTR_LEVEL_SHIFT) & ((1u << LCD_CPTR_LEVEL_BITS) - 1);
}

/* The slot within its table. */
static inline unsigned int lcd_cptr_slot(cptr_t cptr)
{
	return cptr_val(cptr) & ((1u << LCD_CPTR_SLOT_BITS) - 1);
}

/* Which of its table's children step number `step` takes. */
static inline unsigned int lcd_cptr_fanout(cptr_t cptr, unsigned int step)
{
	return (cptr_val(cptr) >> (LCD_CPTR_SLOT_BITS + step * LCD_CPTR_FANOUT_BITS)) &
	       ((1u << LCD_CPTR_FANOUT_BITS) - 1);
}

#endif
