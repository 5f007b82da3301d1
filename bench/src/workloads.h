/* SPDX-License-Identifier: MIT */
/*
 * Every workload, with the amount of work that takes a real processor about 0.15 seconds. Whoever includes this defines
 * WORKLOAD, for those that use general registers only, and SSE_WORKLOAD.
 */
WORKLOAD(sha256, 45000)
WORKLOAD(crc32, 65000)
WORKLOAD(sieve, 280)
WORKLOAD(quicksort, 140)
WORKLOAD(chase, 25000)
WORKLOAD(indirect, 21000)
WORKLOAD(muldiv, 18000)
WORKLOAD(strings, 180000)
WORKLOAD(aes, 50000)
WORKLOAD(bytecode, 35)
WORKLOAD(recursion, 600)
SSE_WORKLOAD(vectors, 300000)
SSE_WORKLOAD(doubles, 16000)
