// SPDX-License-Identifier: MIT
/* Small things that ciphers and codes ask for. */
#include <linux/ctype.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "runtime.h"

/* The kernel is not in FIPS mode. */
int fips_enabled;

/* 0 when equal, in a time that does not depend on where they differ. */
unsigned long __crypto_memneq(const void *a, const void *b, size_t length)
{
	const volatile u8 *x = a, *y = b;
	unsigned long difference = 0;

	for (size_t i = 0; i < length; i++)
		difference |= x[i] ^ y[i];
	return difference;
}

void __crypto_xor(u8 *to, const u8 *a, const u8 *b, unsigned int length)
{
	for (unsigned int i = 0; i < length; i++)
		to[i] = a[i] ^ b[i];
}

/* One number, big end first, goes up by one. */
void crypto_inc(u8 *counter, unsigned int length)
{
	while (length-- && ++counter[length] == 0)
		;
}

void *__memcpy(void *to, const void *from, size_t length)
{
	return memcpy(to, from, length);
}

void *__memmove(void *to, const void *from, size_t length)
{
	return memmove(to, from, length);
}

void *__memset(void *to, int byte, size_t length)
{
	return memset(to, byte, length);
}

void memzero_explicit(void *bytes, size_t length)
{
	memset(bytes, 0, length);
	barrier();
}

/* Classes of characters, as the kernel's is*() macros test them. */
#define U 0x01	/* upper case */
#define L 0x02	/* lower case */
#define D 0x04	/* digit */
#define C 0x08	/* control */
#define P 0x10	/* punctuation */
#define S 0x20	/* white space */
#define X 0x40	/* hex digit */
#define SP 0x80	/* the space itself */

const unsigned char _ctype[256] = {
	[0 ... 8] = C, [9 ... 13] = C | S, [14 ... 31] = C, [127] = C,
	[' '] = S | SP,
	['!' ... '/'] = P, [':' ... '@'] = P, ['[' ... '`'] = P, ['{' ... '~'] = P,
	['0' ... '9'] = D,
	['A' ... 'F'] = U | X, ['G' ... 'Z'] = U,
	['a' ... 'f'] = L | X, ['g' ... 'z'] = L,
	/* Latin 1 */
	[160] = S | SP, [161 ... 191] = P,
	[192 ... 214] = U, [215] = P, [216 ... 222] = U, [223 ... 246] = L, [247] = P, [248 ... 255] = L,
};
