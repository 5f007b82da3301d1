// SPDX-License-Identifier: MIT
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>

static int digit_of(char character)
{
	if (isdigit(character))
		return character - '0';
	return isxdigit(character) ? tolower(character) - 'a' + 10 : INT_MAX;
}

static const char *skip_prefix(const char *text, unsigned int *base)
{
	bool hex = text[0] == '0' && tolower(text[1]) == 'x' && isxdigit(text[2]);

	if (*base == 0)
		*base = hex ? 16 : text[0] == '0' ? 8 : 10;
	return hex && *base == 16 ? text + 2 : text;
}

int kstrtoull(const char *text, unsigned int base, unsigned long long *result)
{
	unsigned long long value = 0;
	bool overflow = false;
	const char *start;

	if (*text == '+')
		text++;
	start = text = skip_prefix(text, &base);
	for (; digit_of(*text) < (int)base; text++)
		overflow |= __builtin_mul_overflow(value, base, &value) ||
			    __builtin_add_overflow(value, (unsigned int)digit_of(*text), &value);
	if (overflow)
		return -ERANGE;
	if (text == start || text[*text == '\n'])
		return -EINVAL;
	*result = value;
	return 0;
}

int kstrtoll(const char *text, unsigned int base, long long *result)
{
	bool negative = *text == '-';
	unsigned long long value;
	int ret;

	if (negative && text[1] == '+')
		return -EINVAL;
	ret = kstrtoull(text + negative, base, &value);
	if (ret)
		return ret;
	if (value > (unsigned long long)LLONG_MAX + negative)
		return -ERANGE;
	*result = negative ? -value : value;
	return 0;
}

/* The narrower types: parse as the widest, then see whether the value survives. */
#define NARROW(name, type, wide, parse)					\
	int name(const char *text, unsigned int base, type *result)	\
	{								\
		wide value;						\
		int ret = parse(text, base, &value);			\
									\
		if (ret)						\
			return ret;					\
		if (value != (wide)(type)value)				\
			return -ERANGE;					\
		*result = value;					\
		return 0;						\
	}

NARROW(kstrtoul, unsigned long, unsigned long long, kstrtoull)
NARROW(kstrtouint, unsigned int, unsigned long long, kstrtoull)
NARROW(kstrtou16, u16, unsigned long long, kstrtoull)
NARROW(kstrtou8, u8, unsigned long long, kstrtoull)
NARROW(kstrtol, long, long long, kstrtoll)
NARROW(kstrtoint, int, long long, kstrtoll)
NARROW(kstrtos16, s16, long long, kstrtoll)
NARROW(kstrtos8, s8, long long, kstrtoll)

/* y Y t T 1 on, n N f F 0 of[f]: as the kernel reads them. */
int kstrtobool(const char *text, bool *result)
{
	char first = text ? tolower(*text) : 0;
	char second = first ? tolower(text[1]) : 0;

	if (first == 'y' || first == 't' || first == '1' || (first == 'o' && second == 'n'))
		*result = true;
	else if (first == 'n' || first == 'f' || first == '0' || (first == 'o' && second == 'f'))
		*result = false;
	else
		return -EINVAL;
	return 0;
}
