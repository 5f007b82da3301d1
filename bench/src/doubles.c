/* SPDX-License-Identifier: MIT */
/*
 * Double precision: `amount` times 100 steps of six bodies that attract each other, then the product of two matrices
 * of 24 by 24. The checksum is of the bits, which IEEE 754 fixes for each operation here.
 */
#include "bench.h"

unsigned long bench_doubles(unsigned long amount);

#define BODIES 6
#define SIDE 24

struct body {
	double place[3], speed[3], mass;
};

static void step(struct body *bodies, double time)
{
	for (int i = 0; i < BODIES; i++)
		for (int j = i + 1; j < BODIES; j++) {
			struct body *a = &bodies[i], *b = &bodies[j];
			double away[3], square = 0.01, pull;
			for (int axis = 0; axis < 3; axis++) {
				away[axis] = a->place[axis] - b->place[axis];
				square += away[axis] * away[axis];
			}
			pull = time / (square * __builtin_sqrt(square));
			for (int axis = 0; axis < 3; axis++) {
				a->speed[axis] -= away[axis] * b->mass * pull;
				b->speed[axis] += away[axis] * a->mass * pull;
			}
		}
	for (int i = 0; i < BODIES; i++)
		for (int axis = 0; axis < 3; axis++)
			bodies[i].place[axis] += time * bodies[i].speed[axis];
}

static void multiply(double product[SIDE][SIDE], double a[SIDE][SIDE], double b[SIDE][SIDE])
{
	for (int row = 0; row < SIDE; row++)
		for (int column = 0; column < SIDE; column++) {
			double sum = 0;
			for (int i = 0; i < SIDE; i++)
				sum += a[row][i] * b[i][column];
			product[row][column] = sum;
		}
}

static u32 mix(u32 checksum, double value)
{
	union { double value; u64 bits; } both = { value };
	return checksum * 31 + (u32)(both.bits ^ both.bits >> 32);
}

unsigned long bench_doubles(unsigned long amount)
{
	static struct body bodies[BODIES];
	static double a[SIDE][SIDE], b[SIDE][SIDE], product[SIDE][SIDE];
	u32 seed = 1, checksum = 0;

	for (int i = 0; i < BODIES; i++) {
		for (int axis = 0; axis < 3; axis++) {
			bodies[i].place[axis] = (int)(next_random(&seed) % 2001 - 1000) / 100.0;
			bodies[i].speed[axis] = (int)(next_random(&seed) % 2001 - 1000) / 5000.0;
		}
		bodies[i].mass = 1 + next_random(&seed) % 100 / 10.0;
	}
	for (int i = 0; i < SIDE; i++)
		for (int j = 0; j < SIDE; j++) {
			a[i][j] = (int)(next_random(&seed) % 2001 - 1000) / 1000.0;
			b[i][j] = (int)(next_random(&seed) % 2001 - 1000) / 1000.0;
		}
	while (amount--) {
		for (int i = 0; i < 100; i++)
			step(bodies, 1.0 / 1024);
		a[amount % SIDE][0] = bodies[0].place[0];
		multiply(product, a, b);
		checksum = mix(mix(checksum, bodies[BODIES - 1].place[2]), product[amount % SIDE][SIDE - 1]);
	}
	return checksum;
}
