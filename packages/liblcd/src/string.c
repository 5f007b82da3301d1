// SPDX-License-Identifier: MIT
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/string.h>

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

size_t strnlen(const char *text, size_t most)
{
	size_t length = 0;

	while (length < most && text[length])
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a < (u8)*b ? -1 : (u8)*a > (u8)*b;
}

int strncmp(const char *a, const char *b, size_t most)
{
	for (; most; most--, a++, b++) {
		if (*a != *b)
			return (u8)*a < (u8)*b ? -1 : 1;
		if (!*a)
			break;
	}
	return 0;
}

int strncasecmp(const char *a, const char *b, size_t most)
{
	for (; most; most--, a++, b++) {
		int x = tolower((u8)*a), y = tolower((u8)*b);

		if (x != y || !x)
			return x - y;
	}
	return 0;
}

int strcasecmp(const char *a, const char *b)
{
	return strncasecmp(a, b, ~(size_t)0);
}

char *strcpy(char *to, const char *from)
{
	memcpy(to, from, strlen(from) + 1);
	return to;
}

/* Fills up with zeros; without an end when the text is too long. */
char *strncpy(char *to, const char *from, size_t most)
{
	size_t length = strnlen(from, most);

	memcpy(to, from, length);
	memset(to + length, 0, most - length);
	return to;
}

/* Returns the length of the text, which was cut when that is not below size. */
size_t strlcpy(char *to, const char *from, size_t size)
{
	size_t length = strlen(from);
	size_t copied = length < size ? length : size - 1;

	if (size) {
		memcpy(to, from, copied);
		to[copied] = 0;
	}
	return length;
}

/* Returns the length, or -E2BIG when the text was cut. */
ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t length = strnlen(from, size);

	if (!size)
		return -E2BIG;
	if (length == size) {
		memcpy(to, from, size - 1);
		to[size - 1] = 0;
		return -E2BIG;
	}
	memcpy(to, from, length);
	to[length] = 0;
	return length;
}

char *strcat(char *to, const char *from)
{
	strcpy(to + strlen(to), from);
	return to;
}

char *strncat(char *to, const char *from, size_t most)
{
	size_t start = strlen(to), length = strnlen(from, most);

	memcpy(to + start, from, length);
	to[start + length] = 0;
	return to;
}

size_t strlcat(char *to, const char *from, size_t size)
{
	size_t start = strnlen(to, size);

	return start + strlcpy(to + start, from, size - start);
}

char *strchr(const char *text, int character)
{
	for (;; text++) {
		if (*text == (char)character)
			return (char *)text;
		if (!*text)
			return NULL;
	}
}

char *strrchr(const char *text, int character)
{
	const char *last = NULL;

	for (;; text++) {
		if (*text == (char)character)
			last = text;
		if (!*text)
			return (char *)last;
	}
}

char *strstr(const char *text, const char *wanted)
{
	size_t length = strlen(wanted);

	for (size_t left = strlen(text); left >= length; left--, text++)
		if (!memcmp(text, wanted, length))
			return (char *)text;
	return NULL;
}

size_t strspn(const char *text, const char *accept)
{
	size_t length = 0;

	while (text[length] && strchr(accept, text[length]))
		length++;
	return length;
}

size_t strcspn(const char *text, const char *reject)
{
	size_t length = 0;

	while (text[length] && !strchr(reject, text[length]))
		length++;
	return length;
}

char *strpbrk(const char *text, const char *accept)
{
	text += strcspn(text, accept);
	return *text ? (char *)text : NULL;
}

char *strsep(char **text, const char *separators)
{
	char *start = *text, *end;

	if (!start)
		return NULL;
	end = strpbrk(start, separators);
	if (end)
		*end++ = 0;
	*text = end;
	return start;
}

char *skip_spaces(const char *text)
{
	while (isspace((u8)*text))
		text++;
	return (char *)text;
}
