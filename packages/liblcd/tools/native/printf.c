// SPDX-License-Identifier: MIT
/* liblcd's printf beside the C library's, on random formats, values and buffer sizes. */
#include "harness.h"

int k_snprintf(char *buffer, size_t size, const char *format, ...);
int k_scnprintf(char *buffer, size_t size, const char *format, ...);
int k_sprintf(char *buffer, const char *format, ...);
int k_lcd_printk(const char *format, ...);
int k__printk(const char *format, ...);

static const uint64_t interesting[] = {
	0, 1, 7, 8, 9, 10, 99, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
	0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff, 01777777777777777777777, 1000000007,
};

static uint64_t some_value(void)
{
	if (below(2))
		return interesting[below(sizeof(interesting) / sizeof(interesting[0]))];
	return next_random() >> below(64);
}

static void add_some(char *format, const char *from)
{
	for (; *from; from++)
		if (!below(3))
			strncat(format, from, 1);
}

static void random_format(char *format, const char *flags, bool with_length)
{
	static const char *const lengths[] = { "hh", "h", "", "", "l", "ll", "z", "t", "j" };
	char number[16];

	strcpy(format, "<%");
	add_some(format, flags);
	if (below(2))
		snprintf(number, sizeof(number), "%u", 1 + below(30)), strcat(format, number);
	if (below(2)) {
		strcat(format, ".");
		if (below(4))
			snprintf(number, sizeof(number), "%u", below(25)), strcat(format, number);
	}
	if (with_length)
		strcat(format, lengths[below(9)]);
}

#define COMPARE(size, format, ...) do {									\
	char ours[200], theirs[200];									\
	memset(ours, '#', sizeof(ours));								\
	memset(theirs, '#', sizeof(theirs));								\
	int our_length = k_snprintf(ours, size, format, __VA_ARGS__);					\
	int their_length = snprintf(theirs, size, format, __VA_ARGS__);					\
	if (our_length != their_length || memcmp(ours, theirs, sizeof(ours)))				\
		failed("%s into %zu bytes: %d \"%.100s\", but C says %d \"%.100s\"", format, (size_t)(size), \
		       our_length, ours, their_length, theirs);						\
	checks++;											\
} while (0)

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-truncation"

int test_printf(void)
{
	int checks = 0;

	for (int round = 0; round < 200000; round++) {
		static const char letters[] = "diuoxX";
		size_t size = below(4) ? 100 : below(20);
		char format[64];
		char letter = letters[below(6)];

		random_format(format, letter == 'd' || letter == 'i' ? "-+ 0" : letter == 'u' ? "-0" : "-0#", true);
		strncat(format, &letter, 1);
		strcat(format, ">");
		uint64_t value = some_value();
		COMPARE(size, format, value);
	}
	for (int round = 0; round < 20000; round++) {
		static const char *const texts[] = { "", "a", "isolated", "a longer text, with spaces" };
		size_t size = below(4) ? 100 : below(20);
		char format[64];

		random_format(format, "-", false);
		strcat(format, "s|%c|%%>");
		const char *string = texts[below(4)];
		int character = 33 + (int)below(90);
		COMPARE(size, format, string, character);
	}
	COMPARE(100, "<%*d|%-*d|%.*d|%*.*s>", 5, 42, 5, 42, 4, 42, 6, 2, "abc");
	COMPARE(100, "<%*d>", -5, 42);
	COMPARE(100, "<%.*d|%.*s>", -1, 42, -3, "abc");
	COMPARE(0, "%d", 12345);

	char text[64];
	CHECK(k_snprintf(text, sizeof(text), "%p", (void *)0xffffffffa0001234) == 16 && !strcmp(text, "ffffffffa0001234"));
	CHECK(k_snprintf(text, sizeof(text), "%s", (char *)NULL) == 6 && !strcmp(text, "(null)"));
	CHECK(k_snprintf(text, sizeof(text), "%q %d", 5) == 4 && !strcmp(text, "%q 5"));
	CHECK(k_snprintf(text, sizeof(text), "100%") == 4 && !strcmp(text, "100%"));
	CHECK(k_scnprintf(text, 4, "%d", 123456) == 3 && !strcmp(text, "123"));
	CHECK(k_scnprintf(text, 0, "%d", 123456) == 0);
	CHECK(k_sprintf(text, "%d-%s", 5, "x") == 3 && !strcmp(text, "5-x"));

	/* The console takes 100 bytes at a time; a level in front is not printed. */
	char line[301];
	memset(line, 'y', 300);
	line[300] = 0;
	CHECK(k_lcd_printk("%s", line) == 300 && !strcmp(machine_console(), line));
	machine_reset(0);
	CHECK(k__printk("\0016count %d\n", 3) == 8 && !strcmp(machine_console(), "count 3\n"));
	return checks + 9;
}
