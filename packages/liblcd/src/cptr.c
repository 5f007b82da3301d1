// SPDX-License-Identifier: MIT
/* Which slots of the cspace are in use. The microkernel makes tables as slots are filled; this only counts. */
#include <linux/errno.h>
#include <lcd-domains/liblcd.h>
#include "state.h"

static unsigned long first_of_level(unsigned int level)
{
	unsigned long first = 0;

	for (unsigned int i = 0; i < level; i++)
		first += LCD_CPTRS_AT_LEVEL(i);
	return first;
}

/* The slots of a level are numbered by what a cptr has below its level bits. */
static cptr_t cptr_of(unsigned long number)
{
	unsigned long level = 0;

	while (number >= LCD_CPTRS_AT_LEVEL(level))
		number -= LCD_CPTRS_AT_LEVEL(level++);
	return __cptr(level << LCD_CPTR_LEVEL_SHIFT | number);
}

static unsigned long number_of(cptr_t cptr)
{
	return first_of_level(lcd_cptr_level(cptr)) + (cptr_val(cptr) & ((1UL << LCD_CPTR_LEVEL_SHIFT) - 1));
}

int lcd_init_cptr(void)
{
	struct lcd_state *state = lcd_state();

	if (state->cptrs_ready)
		return 0;
	for (size_t i = 0; i < sizeof(state->slots_in_use) / sizeof(u64); i++)
		state->slots_in_use[i] = 0;
	state->slots_in_use[0] = 1; /* cptr 0 names nothing */
	state->cptrs_ready = true;
	return 0;
}

int lcd_alloc_cptr(cptr_t *slot_out)
{
	u64 *words = lcd_state()->slots_in_use;

	lcd_init_cptr();
	for (unsigned long first = 0; first < LCD_CPTR_COUNT; first += 64) {
		u64 *word = &words[first / 64];
		unsigned long number;

		if (*word == ~0ULL)
			continue;
		number = first + (unsigned long)__builtin_ctzll(~*word);
		if (number >= LCD_CPTR_COUNT)
			break;
		*word |= 1ULL << (number - first);
		*slot_out = cptr_of(number);
		return 0;
	}
	return -ENOMEM;
}

void lcd_free_cptr(cptr_t slot)
{
	unsigned long number = number_of(slot);

	if (!cptr_is_null(slot) && number < LCD_CPTR_COUNT && cptr_val(cptr_of(number)) == cptr_val(slot))
		lcd_state()->slots_in_use[number / 64] &= ~(1ULL << (number % 64));
}
