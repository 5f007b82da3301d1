/* SPDX-License-Identifier: MIT */
/*
 * An interpreter for a small stack machine: one switch, a jump for each instruction. The program that it runs `amount`
 * times looks for the number below 3000 that takes the most steps of Collatz' rule to reach 1: 2919, with 216.
 */
#include "bench.h"

unsigned long bench_bytecode(unsigned long amount);

enum {
	PUSH, LOAD, STORE, ADD, MULTIPLY, SHIFT_RIGHT, AND, LESS, IS_ONE, JUMP, JUMP_IF_ZERO, DUPLICATE, POP, INCREMENT, HALT,
};

enum { NUMBER, VALUE, STEPS, BEST, BEST_NUMBER, VARIABLES };

static u32 interpret(const u8 *program)
{
	u32 stack[16], variables[VARIABLES] = { 0 }, *top = stack;
	const u8 *next = program;

	for (;;) {
		switch (*next++) {
		case PUSH: *++top = *next++; break;
		case LOAD: *++top = variables[*next++]; break;
		case STORE: variables[*next++] = *top--; break;
		case ADD: top--; top[0] += top[1]; break;
		case MULTIPLY: top--; top[0] *= top[1]; break;
		case SHIFT_RIGHT: top--; top[0] >>= top[1]; break;
		case AND: top--; top[0] &= top[1]; break;
		case LESS: top--; top[0] = top[0] < top[1]; break;
		case IS_ONE: *top = *top == 1; break;
		case JUMP: next = program + *next; break;
		case JUMP_IF_ZERO: next = *top-- ? next + 1 : program + *next; break;
		case DUPLICATE: top[1] = top[0]; top++; break;
		case POP: top--; break;
		case INCREMENT: variables[*next++]++; break;
		case HALT: return variables[BEST_NUMBER] << 16 ^ variables[BEST];
		}
	}
}

unsigned long bench_bytecode(unsigned long amount)
{
	/* The numbers on the right are places in the program, for its jumps. */
	static const u8 program[] = {
		PUSH, 1, STORE, NUMBER,                                                      /*  0 */
		LOAD, NUMBER, STORE, VALUE, PUSH, 0, STORE, STEPS,                           /*  4: next number */
		LOAD, VALUE, DUPLICATE, IS_ONE, JUMP_IF_ZERO, 21, POP, JUMP, 46,             /* 12: next step */
		DUPLICATE, PUSH, 1, AND, JUMP_IF_ZERO, 37,                                   /* 21 */
		PUSH, 3, MULTIPLY, PUSH, 1, ADD, STORE, VALUE, JUMP, 42,                     /* 27: odd */
		PUSH, 1, SHIFT_RIGHT, STORE, VALUE,                                          /* 37: even */
		INCREMENT, STEPS, JUMP, 12,                                                  /* 42 */
		LOAD, BEST, LOAD, STEPS, LESS, JUMP_IF_ZERO, 61,                             /* 46 */
		LOAD, STEPS, STORE, BEST, LOAD, NUMBER, STORE, BEST_NUMBER,                  /* 53 */
		INCREMENT, NUMBER, LOAD, NUMBER, PUSH, 125, PUSH, 24, MULTIPLY, LESS,        /* 61 */
		JUMP_IF_ZERO, 75, JUMP, 4,                                                   /* 71 */
		HALT,                                                                        /* 75 */
	};
	u32 checksum = 0;

	while (amount--)
		checksum = checksum * 31 + interpret(program);
	return checksum;
}
