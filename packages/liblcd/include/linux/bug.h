/* SPDX-License-Identifier: MIT */
#ifndef _LINUX_BUG_H
#define _LINUX_BUG_H

#include <linux/compiler.h>
#include <linux/printk.h>

#define BUG()										\
	do {										\
		printk(KERN_CRIT "BUG at %s:%d\n", __FILE_NAME__, __LINE__);		\
		__builtin_trap();							\
	} while (0)

#define BUG_ON(condition) do { if (unlikely(condition)) BUG(); } while (0)

#define WARN(condition, format...) ({							\
	int _failed = !!(condition);							\
	if (unlikely(_failed))								\
		printk(KERN_WARNING format);						\
	_failed;									\
})

#define WARN_ON(condition)								\
	WARN(condition, "WARNING at %s:%d: %s\n", __FILE_NAME__, __LINE__, #condition)

#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)

#ifndef __FILE_NAME__
#define __FILE_NAME__ __FILE__
#endif

#endif
