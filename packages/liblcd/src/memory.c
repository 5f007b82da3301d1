// SPDX-License-Identifier: MIT
/* Bytes: copied and filled eight at a time by the string instructions. */
#include <linux/string.h>

void *memcpy(void *to, const void *from, size_t length)
{
	void *d = to;
	size_t words = length / 8;

	__asm__ volatile("rep movsq" : "+D"(d), "+S"(from), "+c"(words) : : "memory");
	length %= 8;
	__asm__ volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(length) : : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t length)
{
	unsigned char *d = to;
	const unsigned char *s = from;

	if ((unsigned long)to - (unsigned long)from >= length)
		return memcpy(to, from, length);
	/* The end of the source would be overwritten: from the end to the start. */
	while (length % 8) {
		length--;
		d[length] = s[length];
	}
	while (length) {
		length -= 8;
		*(u64 *)(d + length) = *(const u64 *)(s + length);
	}
	return to;
}

void *memset(void *to, int byte, size_t length)
{
	u64 pattern = (u8)byte * 0x0101010101010101ULL;
	void *d = to;
	size_t words = length / 8;

	__asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
	length %= 8;
	__asm__ volatile("rep stosb" : "+D"(d), "+c"(length) : "a"(pattern) : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t length)
{
	const u8 *x = a, *y = b;

	for (size_t i = 0; i < length; i++)
		if (x[i] != y[i])
			return x[i] - y[i];
	return 0;
}

void *memchr(const void *bytes, int byte, size_t length)
{
	const u8 *b = bytes;

	for (size_t i = 0; i < length; i++)
		if (b[i] == (u8)byte)
			return (void *)(b + i);
	return NULL;
}

void *memchr_inv(const void *bytes, int byte, size_t length)
{
	const u8 *b = bytes;

	for (size_t i = 0; i < length; i++)
		if (b[i] != (u8)byte)
			return (void *)(b + i);
	return NULL;
}
