/*
 * Executes test cases on the processor it runs on.
 *
 * Standard input: the descriptors of the local descriptor table, then sequences with their initial states, until its
 * end. Standard output: one result for each state. A case runs with the registers, flags and memory that it names;
 * whatever exception it raises is caught as a signal and reported. No process and no system call per case: several
 * hundred thousand cases a second.
 *
 * Build: gcc -O2 -fno-stack-protector -o harness harness.c enter.c
 */
#define _GNU_SOURCE
#include "layout.h"
#include <asm/ldt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint8_t background[DATA_SIZE];
static uint8_t *code, *data;

static void *map_at(unsigned long address, unsigned long size, int protection, int flags, int file)
{
	void *mapped = mmap((void *)address, size, protection, flags, file, 0);
	if (mapped == MAP_FAILED)
		fail("harness: mmap");
	return mapped;
}

static void map_pages(void)
{
	int file = memfd_create("code", 0);
	if (file < 0 || ftruncate(file, CODE_SIZE))
		fail("harness: memfd_create");
	code = map_at(0, CODE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file);
	memset(code, CODE_FILL, CODE_SIZE);
	map_at(CODE_BASE, CODE_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE, file);
	data = map_at(DATA_BASE, DATA_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1);
	for (unsigned i = 0; i < DATA_SIZE; i++)
		background[i] = (i * 167 + 13) ^ (i >> 5);
	memcpy(data, background, DATA_SIZE);
}

/* Linux has the processor's number in the limit of a segment. */
static void stay_on_first_processor(void)
{
	cpu_set_t first;
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(0, sizeof first, &first))
		fail("harness: sched_setaffinity");
}

static int read_all(void *to, size_t size)
{
	return fread(to, size, 1, stdin) == 1;
}

static void must_read(void *to, size_t size)
{
	if (!read_all(to, size))
		fail("harness: short input");
}

/* Their number, and as many `struct user_desc` of modify_ldt(2). */
static void load_descriptors(void)
{
	uint32_t count;
	struct user_desc descriptor;
	must_read(&count, sizeof count);
	while (count--) {
		must_read(&descriptor, sizeof descriptor);
		if (syscall(SYS_modify_ldt, 0x11, &descriptor, sizeof descriptor))
			fail("harness: modify_ldt");
	}
}

/* Puts a jump to the exit page behind the code. Returns its length. */
static unsigned place_exit(uint8_t *at, const struct sequence *sequence)
{
	static const uint8_t far_jump[] = { 0x66, 0xea, 0x00, 0xd0, 0xb3, 0x5a, USER_CS, 0x00 };
	unsigned skip = sequence->bits == 16 ? 0 : 1;
	if (sequence->bits != 64) {
		memcpy(at, far_jump + skip, sizeof far_jump - skip);
		return sizeof far_jump - skip;
	}
	/* jmp *exit_address(%rip) */
	int32_t displacement = CONTROL_BASE + 8 - (CODE_BASE + sequence->code_start + sequence->code_length + 6);
	at[0] = 0xff;
	at[1] = 0x25;
	memcpy(at + 2, &displacement, 4);
	return 6;
}

/* Lists the 8-byte words that differ from what the case began with, and puts the background back. */
static unsigned collect(const uint8_t *window, struct change *changes)
{
	unsigned count = 0;
	memcpy(background + WINDOW_OFFSET, window, WINDOW_SIZE);
	for (unsigned page = 0; page < DATA_SIZE; page += 512) {
		if (!memcmp(data + page, background + page, 512))
			continue;
		for (unsigned at = page; at < page + 512; at += 8) {
			if (memcmp(data + at, background + at, 8)) {
				changes[count].index = at / 8;
				memcpy(&changes[count++].value, data + at, 8);
				memcpy(data + at, background + at, 8);
			}
		}
	}
	return count;
}

static void run_states(const struct sequence *sequence)
{
	static struct change changes[DATA_SIZE / 8];
	static struct state state;
	static uint8_t fx[FX_SIZE];

	for (unsigned i = 0; i < sequence->states; i++) {
		must_read(&state, sizeof state);
		if (sequence->with & WITH_FX)
			must_read(fx, sizeof fx);
		memcpy(data + WINDOW_OFFSET, state.window, WINDOW_SIZE);
		run_case(&state, fx, sequence->with, state.rip + sequence->code_length);
		result.changes = collect(state.window, changes);
		fwrite(&result, sizeof result, 1, stdout);
		fwrite(changes, sizeof *changes, result.changes, stdout);
		if (sequence->with & WITH_FX)
			fwrite(fx_result, sizeof fx_result, 1, stdout);
	}
}

int main(void)
{
	static char input[1 << 16], output[1 << 16];
	static struct sequence sequence;

	setvbuf(stdin, input, _IOFBF, sizeof input);
	setvbuf(stdout, output, _IOFBF, sizeof output);
	stay_on_first_processor();
	map_pages();
	load_descriptors();
	prepare();
	while (read_all(&sequence, sizeof sequence)) {
		uint8_t *start = code + sequence.code_start;
		unsigned padded = (sequence.code_length + 7) & ~7u;
		if (sequence.code_start + padded + 8 > CODE_SIZE) {
			fprintf(stderr, "harness: a case of %u bytes does not fit\n", sequence.code_length);
			return 1;
		}
		must_read(start, padded);
		memset(start + sequence.code_length, CODE_FILL, padded - sequence.code_length);
		unsigned length = sequence.code_length + place_exit(start + sequence.code_length, &sequence);
		run_states(&sequence);
		memset(start, CODE_FILL, length > padded ? length : padded);
	}
	return fflush(stdout) ? 1 : 0;
}
