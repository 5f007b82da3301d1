/* SPDX-License-Identifier: MIT */
/* Every workload, for whoever defines WORKLOAD(name). */
WORKLOAD(sha256)
WORKLOAD(crc32)
WORKLOAD(sieve)
WORKLOAD(quicksort)
WORKLOAD(chase)
WORKLOAD(indirect)
WORKLOAD(muldiv)
