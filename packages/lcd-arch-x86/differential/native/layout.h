/* The layout of differential/layout.ts, and what one case is on its way to the processor and back. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdint.h>

#define CODE_BASE 0x08000000UL
#define CODE_SIZE 0x2000UL
#define DATA_BASE 0x10000000UL
#define DATA_SIZE 0x2000UL
#define WINDOW_OFFSET 0xfc0
#define WINDOW_SIZE 128
#define GS_BASE 0x0fff0000UL
#define CODE_FILL 0xcc

/*
 * Where the entry and exit code find everything, by absolute address, so that they need no register. A place that
 * shifts and sums of the addresses above do not hit.
 */
#define CONTROL_BASE 0x5ab3c000UL
/* Where a case jumps to at its end. */
#define EXIT_BASE 0x5ab3d000UL

#define VECTOR_NONE 0xff
#define VECTOR_TIMEOUT 0xfe

/* Selectors of 64-bit user code and data in Linux. */
#define USER_CS 0x33
#define USER_DS 0x2b

enum { ES, CS, SS, DS, FS, GS, SEGMENTS };

/* What a case has beside general-purpose registers. */
enum {
	WITH_FX = 1, /* x87, MMX and SSE registers */
	WITH_SEGMENTS = 2, /* it begins in compatibility mode, with segments of its own */
};

#define FX_SIZE 512

/* A sequence; its code, padded to a multiple of 8, and `states` initial states follow. */
struct sequence {
	uint16_t code_length;
	uint16_t code_start; /* offset in the code pages */
	uint8_t bits; /* 16, 32 or 64 */
	uint8_t with;
	uint16_t states;
};

/* An initial state; WITH_FX, an FXSAVE image follows. */
struct state {
	uint64_t gpr[16];
	uint64_t rflags;
	uint64_t rip; /* offset in the code segment */
	uint16_t segments[8];
	uint8_t window[WINDOW_SIZE];
};

/* What became of it; `changes` times `struct change` and, WITH_FX, an FXSAVE image follow. */
struct result {
	uint8_t vector; /* VECTOR_NONE: ran to its end */
	uint8_t reserved;
	uint16_t changes;
	uint32_t error_code;
	uint64_t rip;
	uint64_t address; /* CR2 of a page fault */
	uint64_t gpr[16];
	uint64_t rflags;
	uint16_t segments[8];
};

struct change {
	uint64_t index; /* which 8 bytes of the data pages */
	uint64_t value;
};

extern struct result result;
extern uint8_t fx_result[FX_SIZE];

/* Runs a case whose code is in place. `end` is the address behind it. */
void run_case(const struct state *state, const uint8_t *fx, unsigned with, unsigned long end);
void prepare(void);
void fail(const char *what);

#endif
