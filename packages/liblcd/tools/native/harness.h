/* SPDX-License-Identifier: MIT */
/*
 * liblcd's own machine code, run on this processor: its functions have k_ in
 * front of their names, and machine.c plays the microkernel.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLES_BASE 0x00100000UL
#define TABLES_END 0x00500000UL
#define BOOT_INFO 0x00500100UL
#define HEAP_START 0x00600000UL

struct boot_info {
	uint64_t magic, tables_next, tables_end, heap_start, heap_end, utcb, stack_top;
};

/* A domain as it is at its start, with so many pages to be had; forgets the one before. */
void machine_reset(unsigned long pages);
struct boot_info *boot_info(void);

/* Pages that the domain has got since the reset, and syscalls it has made. */
unsigned long machine_pages_taken(void);
unsigned long machine_syscalls(void);

/* What the domain has printed since the reset. */
const char *machine_console(void);

/* Where a guest-virtual address leads, by a walk of the tables from CR3: -1UL when nowhere. */
unsigned long machine_walk(unsigned long gva);

/* Random, but the same in each run. */
uint64_t next_random(void);
unsigned int below(unsigned int limit);

void failed(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
#define CHECK(condition) do { if (!(condition)) failed("%s:%d: %s", __func__, __LINE__, #condition); } while (0)

int test_printf(void);
int test_strings(void);
int test_numbers(void);
int test_memory(void);
int test_pages(void);
int test_runtime(void);

#endif
