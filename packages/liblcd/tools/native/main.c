// SPDX-License-Identifier: MIT
#include "harness.h"

static uint64_t random_state = 0x2545f4914f6cdd1dUL;

/* xorshift64* */
uint64_t next_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dUL;
}

unsigned int below(unsigned int limit)
{
	return (next_random() >> 33) % limit;
}

void failed(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	exit(1);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} tests[] = {
		{ "printf", test_printf }, { "strings", test_strings }, { "numbers", test_numbers },
		{ "memory", test_memory }, { "pages", test_pages }, { "runtime", test_runtime },
	};

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (argc == 2 && !strcmp(argv[1], tests[i].name)) {
			machine_reset(4096);
			printf("%d checks\n", tests[i].run());
			return 0;
		}
	}
	failed("usage: harness printf|strings|numbers|memory|pages|runtime");
}
