/* SPDX-License-Identifier: MIT */
#ifndef _LINUX_STRING_H
#define _LINUX_STRING_H

#include <linux/types.h>

void *memcpy(void *to, const void *from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
void *memchr(const void *bytes, int byte, size_t length);
void *memchr_inv(const void *bytes, int byte, size_t length);

size_t strlen(const char *text);
size_t strnlen(const char *text, size_t most);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t most);
int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t most);
char *strcpy(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t most);
size_t strlcpy(char *to, const char *from, size_t size);
ssize_t strscpy(char *to, const char *from, size_t size);
char *strcat(char *to, const char *from);
char *strncat(char *to, const char *from, size_t most);
size_t strlcat(char *to, const char *from, size_t size);
char *strchr(const char *text, int character);
char *strrchr(const char *text, int character);
char *strstr(const char *text, const char *wanted);
size_t strspn(const char *text, const char *accept);
size_t strcspn(const char *text, const char *reject);
char *strpbrk(const char *text, const char *accept);
char *strsep(char **text, const char *separators);
char *skip_spaces(const char *text);

/* The same text in memory of its own, for kfree. NULL: no memory, or no text. */
char *kstrdup(const char *text, gfp_t flags);
char *kstrndup(const char *text, size_t most, gfp_t flags);
void *kmemdup(const void *bytes, size_t length, gfp_t flags);

#endif
