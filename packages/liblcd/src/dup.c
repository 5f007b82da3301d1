// SPDX-License-Identifier: MIT
/* Copies in memory of their own. */
#include <linux/slab.h>
#include <linux/string.h>

void *kmemdup(const void *bytes, size_t length, gfp_t flags)
{
	void *copy = kmalloc(length, flags);

	return copy ? memcpy(copy, bytes, length) : NULL;
}

char *kstrndup(const char *text, size_t most, gfp_t flags)
{
	size_t length;
	char *copy;

	if (!text)
		return NULL;
	length = strnlen(text, most);
	copy = kmalloc(length + 1, flags);
	if (copy) {
		memcpy(copy, text, length);
		copy[length] = 0;
	}
	return copy;
}

char *kstrdup(const char *text, gfp_t flags)
{
	return kstrndup(text, ~(size_t)0 - 1, flags);
}
