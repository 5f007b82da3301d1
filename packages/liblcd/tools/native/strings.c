// SPDX-License-Identifier: MIT
/* liblcd's string functions beside the C library's, on short random texts of few letters. */
#define _GNU_SOURCE
#include "harness.h"

void *k_memcpy(void *to, const void *from, size_t length);
void *k_memmove(void *to, const void *from, size_t length);
void *k_memset(void *to, int byte, size_t length);
int k_memcmp(const void *a, const void *b, size_t length);
void *k_memchr(const void *bytes, int byte, size_t length);
void *k_memchr_inv(const void *bytes, int byte, size_t length);
size_t k_strlen(const char *text);
size_t k_strnlen(const char *text, size_t most);
int k_strcmp(const char *a, const char *b);
int k_strncmp(const char *a, const char *b, size_t most);
int k_strcasecmp(const char *a, const char *b);
int k_strncasecmp(const char *a, const char *b, size_t most);
char *k_strcpy(char *to, const char *from);
char *k_strncpy(char *to, const char *from, size_t most);
size_t k_strlcpy(char *to, const char *from, size_t size);
long k_strscpy(char *to, const char *from, size_t size);
char *k_strcat(char *to, const char *from);
char *k_strncat(char *to, const char *from, size_t most);
size_t k_strlcat(char *to, const char *from, size_t size);
char *k_strchr(const char *text, int character);
char *k_strrchr(const char *text, int character);
char *k_strstr(const char *text, const char *wanted);
size_t k_strspn(const char *text, const char *accept);
size_t k_strcspn(const char *text, const char *reject);
char *k_strpbrk(const char *text, const char *accept);
char *k_strsep(char **text, const char *separators);
char *k_skip_spaces(const char *text);
void k_sort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *), void *swap);
void *k_bsearch(const void *key, const void *base, size_t count, size_t size, int (*compare)(const void *, const void *));

int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t most);

#define SIZE 80

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

static void random_text(char *text, unsigned int most)
{
	static const char letters[] = "abAB \t\xe9";
	unsigned int length = below(most);

	for (unsigned int i = 0; i < length; i++)
		text[i] = letters[below(sizeof(letters) - 1)];
	text[length] = 0;
}

/* Both work in their own copy of the same bytes, all of which must be the same in the end. */
static char ours[SIZE], theirs[SIZE];

static void same_start(void)
{
	for (int i = 0; i < SIZE; i++)
		ours[i] = theirs[i] = (char)next_random();
}

static void bytes_round(void)
{
	size_t from = below(40), to = below(40), length = below(40);
	int byte = (int)next_random();

	same_start();
	CHECK(k_memmove(ours + to, ours + from, length) == ours + to);
	memmove(theirs + to, theirs + from, length);
	CHECK(!memcmp(ours, theirs, SIZE));
	CHECK(k_memset(ours + to, byte, length) == ours + to);
	memset(theirs + to, byte, length);
	CHECK(!memcmp(ours, theirs, SIZE));
	CHECK(k_memcpy(ours + 40, ours + from % 20, length % 20) == ours + 40);
	memcpy(theirs + 40, theirs + from % 20, length % 20);
	CHECK(!memcmp(ours, theirs, SIZE));
	CHECK(sign(k_memcmp(ours + from, ours + to, length)) == sign(memcmp(ours + from, ours + to, length)));
	CHECK(k_memchr(ours + from, byte, length) == memchr(ours + from, byte, length));
	memset(ours, 7, SIZE);
	CHECK(k_memchr_inv(ours, 7, SIZE) == NULL);
	ours[from] = 8;
	CHECK(k_memchr_inv(ours, 7, SIZE) == ours + from);
}

static void text_round(void)
{
	char a[32], b[32];
	size_t n = below(24);
	int character = "abA\0"[below(4)];

	random_text(a, 20);
	random_text(b, below(2) ? 4 : 20);
	if (!below(4))
		strcpy(b, a);
	CHECK(k_strlen(a) == strlen(a) && k_strnlen(a, n) == strnlen(a, n));
	CHECK(sign(k_strcmp(a, b)) == sign(strcmp(a, b)));
	CHECK(sign(k_strncmp(a, b, n)) == sign(strncmp(a, b, n)));
	CHECK(sign(k_strcasecmp(a, b)) == sign(strcasecmp(a, b)));
	CHECK(sign(k_strncasecmp(a, b, n)) == sign(strncasecmp(a, b, n)));
	CHECK(k_strchr(a, character) == strchr(a, character) && k_strrchr(a, character) == strrchr(a, character));
	CHECK(k_strstr(a, b) == strstr(a, b));
	CHECK(k_strspn(a, b) == strspn(a, b) && k_strcspn(a, b) == strcspn(a, b));
	CHECK(k_strpbrk(a, b) == strpbrk(a, b));
	CHECK(k_skip_spaces(a) == a + strspn(a, " \t\n\v\f\r"));

	same_start();
	k_strcpy(ours, a), strcpy(theirs, a);
	k_strcat(ours, b), strcat(theirs, b);
	k_strncat(ours, a, n), strncat(theirs, a, n);
	k_strncpy(ours + 64, b, n % 16), strncpy(theirs + 64, b, n % 16);
	CHECK(!memcmp(ours, theirs, SIZE));

	/* strlcpy, strlcat and strscpy, by what they are described to do. */
	same_start();
	CHECK(k_strlcpy(ours, a, n) == strlen(a));
	if (n)
		snprintf(theirs, n, "%s", a);
	CHECK(!memcmp(ours, theirs, strnlen(theirs, n) + (n > 0)));
	CHECK(k_strscpy(ours, a, n) == (strlen(a) < n ? (long)strlen(a) : -7)); /* -E2BIG */
	CHECK(!n || !strcmp(ours, theirs));
	strcpy(ours, b);
	CHECK(k_strlcat(ours, a, 40) == strlen(b) + strlen(a) && !strncmp(ours + strlen(b), a, 40));

	char *our_rest = ours, *their_rest = theirs;
	strcpy(ours, a);
	strcpy(theirs, a);
	while (our_rest) {
		char *our_part = k_strsep(&our_rest, " A"), *their_part = strsep(&their_rest, " A");

		CHECK(!strcmp(our_part, their_part) && !our_rest == !their_rest);
	}
	CHECK(k_strsep(&our_rest, " ") == NULL);
}

static int by_value(const void *a, const void *b)
{
	unsigned int x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static void sort_round(void)
{
	struct item { unsigned int value; char rest[3]; } __attribute__((packed)) a[40], b[40];
	unsigned int count = below(40), key = below(30);
	struct item *found;

	for (unsigned int i = 0; i < count; i++) {
		a[i].value = below(30);
		memset(a[i].rest, (int)a[i].value, sizeof(a[i].rest));
	}
	memcpy(b, a, sizeof(a));
	k_sort(a, count, sizeof(a[0]), by_value, NULL);
	qsort(b, count, sizeof(b[0]), by_value);
	CHECK(!memcmp(a, b, count * sizeof(a[0])));
	found = k_bsearch(&key, a, count, sizeof(a[0]), by_value);
	CHECK(!found == !bsearch(&key, a, count, sizeof(a[0]), by_value));
	CHECK(!found || found->value == key);
}

int test_strings(void)
{
	for (int round = 0; round < 50000; round++) {
		bytes_round();
		text_round();
		sort_round();
	}
	return 3 * 50000;
}
