/* SPDX-License-Identifier: MIT */
/*
 * Every workload, with the amount of work that takes a real processor 0.2 to 0.6 seconds. Whoever includes this defines
 * WORKLOAD, for those that use general registers only, and SSE_WORKLOAD.
 */
WORKLOAD(sha256, 90000)
WORKLOAD(crc32, 130000)
WORKLOAD(sieve, 560)
WORKLOAD(quicksort, 420)
WORKLOAD(chase, 75000)
WORKLOAD(indirect, 42000)
WORKLOAD(muldiv, 54000)
WORKLOAD(strings, 360000)
WORKLOAD(aes, 100000)
WORKLOAD(bytecode, 70)
WORKLOAD(recursion, 3000)
SSE_WORKLOAD(vectors, 400000)
SSE_WORKLOAD(doubles, 16000)
