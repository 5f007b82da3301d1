// The system calls with which kmod loads and removes modules, for LD_PRELOAD: they write down what they are asked, in the
// file that CALLS names, and do nothing. REFUSE has what they answer, as "name=errno,": "init" is for loading.
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note(const char *format, ...)
{
	FILE *calls = fopen(getenv("CALLS"), "a");
	va_list arguments;

	va_start(arguments, format);
	vfprintf(calls, format, arguments);
	va_end(arguments);
	fclose(calls);
}

static long answer(const char *name)
{
	char wanted[256];
	const char *found;

	snprintf(wanted, sizeof(wanted), ",%s=", name);
	found = strstr(getenv("REFUSE"), wanted);
	if (!found)
		return 0;
	errno = atoi(found + strlen(wanted));
	return -1;
}

long delete_module(const char *name, unsigned int flags)
{
	note("delete %s %u\n", name, flags);
	return answer(name);
}

long init_module(const unsigned char *image, unsigned long size, const char *options)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	unsigned long i;

	for (i = 0; i < size; i++)
		hash = (hash ^ image[i]) * 16777619u;
	note("init %lu bytes %08x %s\n", size, hash, options);
	return answer("init");
}

/* kmod calls finit_module this way, and init_module when it is told that there is no such call. */
long syscall(long number, ...)
{
	(void)number;
	errno = ENOSYS;
	return -1;
}
