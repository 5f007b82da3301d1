/* SPDX-License-Identifier: MIT */
/*
 * Every workload, with the amount of work that takes a real processor 0.15 to 0.5 seconds. Whoever includes this defines
 * WORKLOAD, for those that use general registers only, and SSE_WORKLOAD.
 */
WORKLOAD(sha256, 45000)
WORKLOAD(crc32, 130000)
WORKLOAD(sieve, 280)
WORKLOAD(quicksort, 420)
WORKLOAD(chase, 75000)
WORKLOAD(indirect, 42000)
WORKLOAD(muldiv, 54000)
WORKLOAD(strings, 180000)
WORKLOAD(aes, 50000)
WORKLOAD(bytecode, 35)
WORKLOAD(recursion, 600)
SSE_WORKLOAD(vectors, 300000)
SSE_WORKLOAD(doubles, 16000)
