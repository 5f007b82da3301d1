// SPDX-License-Identifier: MIT
/* A mutex of Linux 6.1 begins with its owner, 0 when nobody holds it. Who waits lets others run. */
#include <linux/types.h>
#include <lcd-domains/liblcd.h>
#include "runtime.h"

struct mutex {
	long owner;
};

void __mutex_init(struct mutex *lock, const char *name, void *key)
{
	(void)name;
	(void)key; /* for a checker of lock order, which nobody is here */
	lock->owner = 0;
}

int mutex_trylock(struct mutex *lock)
{
	long free = 0;

	return __atomic_compare_exchange_n(&lock->owner, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void mutex_lock(struct mutex *lock)
{
	while (!mutex_trylock(lock))
		lcd_yield();
}

void mutex_unlock(struct mutex *lock)
{
	__atomic_store_n(&lock->owner, 0, __ATOMIC_RELEASE);
}

bool mutex_is_locked(struct mutex *lock)
{
	return __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) != 0;
}
