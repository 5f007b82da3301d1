/* SPDX-License-Identifier: MIT */
/*
 * Runs one workload as an ordinary program: native <name> <amount>. Prints what baremetal/kernel.c prints, each line
 * behind the time in milliseconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SSE_WORKLOAD WORKLOAD

#define WORKLOAD(name, amount) unsigned long bench_##name(unsigned long);
#include "../src/workloads.h"
#undef WORKLOAD

static const struct workload {
	const char *name;
	unsigned long (*run)(unsigned long amount);
} workloads[] = {
#define WORKLOAD(name, amount) { #name, bench_##name },
#include "../src/workloads.h"
#undef WORKLOAD
};

static double milliseconds(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e3 + time.tv_nsec * 1e-6;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: native <name> <amount>\n");
		return 2;
	}
	for (unsigned i = 0; i < sizeof workloads / sizeof *workloads; i++) {
		unsigned long checksum;
		if (strcmp(argv[1], workloads[i].name))
			continue;
		printf("%.6f start\n", milliseconds());
		checksum = workloads[i].run(strtoul(argv[2], NULL, 10));
		printf("%.6f end %08x\n", milliseconds(), (unsigned)checksum);
		return 0;
	}
	fprintf(stderr, "no such workload\n");
	return 2;
}
