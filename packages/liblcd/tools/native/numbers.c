// SPDX-License-Identifier: MIT
/* kstrto* beside strtoull and strtoll, which take less care: what they leave unread is an error here. */
#include <errno.h>
#include "harness.h"

int k_kstrtoull(const char *text, unsigned int base, unsigned long long *result);
int k_kstrtoll(const char *text, unsigned int base, long long *result);
int k_kstrtoint(const char *text, unsigned int base, int *result);
int k_kstrtou8(const char *text, unsigned int base, uint8_t *result);
int k_kstrtobool(const char *text, bool *result);

static void random_number(char *text)
{
	static const char *const prefixes[] = { "", "", "0", "0x", "0X", "-", "+", "-0x", "+0", "--", "-+", " " };
	static const char *const forms[] = { "%llu", "%llx", "%llo", "%llX" };
	static const char *const ends[] = { "", "", "", "", "\n", "\n\n", " ", "g", "9", "x" };
	char digits[32];

	snprintf(digits, sizeof(digits), forms[below(4)], (unsigned long long)(next_random() >> below(64)));
	snprintf(text, 64, "%s%s%s", prefixes[below(12)], below(20) ? digits : "", ends[below(10)]);
}

/* -EINVAL, -ERANGE or 0, as the kernel's rules have it. */
static int expected(const char *text, unsigned int base, unsigned long long *value)
{
	const char *digits = text + (*text == '+');
	char *end;

	if (strchr("+- \t\n", *digits))
		return -EINVAL;
	errno = 0;
	*value = strtoull(digits, &end, (int)base);
	if (errno == ERANGE)
		return -ERANGE;
	return end == digits || (*end == '\n' ? end[1] : *end) ? -EINVAL : 0;
}

static int expected_signed(const char *text, unsigned int base, long long *value)
{
	bool negative = *text == '-';
	unsigned long long absolute;
	int ret = negative && text[1] == '+' ? -EINVAL : expected(text + negative, base, &absolute);

	if (ret)
		return ret;
	if (absolute > (1ULL << 63) - !negative)
		return -ERANGE;
	*value = strtoll(text, NULL, (int)base);
	return 0;
}

int test_numbers(void)
{
	static const unsigned int bases[] = { 0, 0, 8, 10, 16 };
	int wide;
	uint8_t byte;
	bool on;

	for (int round = 0; round < 200000; round++) {
		unsigned int base = bases[below(5)];
		unsigned long long wanted = 0, got = 77;
		long long wanted_signed = 0, got_signed = 77;
		char text[64];
		int ret;

		random_number(text);
		ret = expected(text, base, &wanted);
		if (k_kstrtoull(text, base, &got) != ret || got != (ret ? 77 : wanted))
			failed("kstrtoull(\"%s\", %u) gives %llu, not %llu (%d)", text, base, got, wanted, ret);
		ret = expected_signed(text, base, &wanted_signed);
		if (k_kstrtoll(text, base, &got_signed) != ret || got_signed != (ret ? 77 : wanted_signed))
			failed("kstrtoll(\"%s\", %u) gives %lld, not %lld (%d)", text, base, got_signed, wanted_signed,
			       ret);
	}
	CHECK(k_kstrtoint("2147483647", 0, &wide) == 0 && wide == 2147483647);
	CHECK(k_kstrtoint("2147483648", 0, &wide) == -ERANGE && wide == 2147483647);
	CHECK(k_kstrtoint("-2147483648", 0, &wide) == 0 && wide == -2147483647 - 1);
	CHECK(k_kstrtoint("-2147483649", 0, &wide) == -ERANGE);
	CHECK(k_kstrtou8("0xff", 0, &byte) == 0 && byte == 255);
	CHECK(k_kstrtou8("256", 0, &byte) == -ERANGE && k_kstrtou8("-1", 0, &byte) == -EINVAL);
	CHECK(k_kstrtobool("yes", &on) == 0 && on && k_kstrtobool("off", &on) == 0 && !on);
	CHECK(k_kstrtobool("1", &on) == 0 && on && k_kstrtobool("No", &on) == 0 && !on);
	CHECK(k_kstrtobool("maybe", &on) == -EINVAL && k_kstrtobool("", &on) == -EINVAL && k_kstrtobool(NULL, &on) == -EINVAL);
	return 400000 + 9;
}
