/* SPDX-License-Identifier: MIT */
#ifndef _LINUX_COMPILER_H
#define _LINUX_COMPILER_H

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define barrier() __asm__ volatile("" ::: "memory")

#define __always_inline inline __attribute__((__always_inline__))
#define noinline __attribute__((__noinline__))
#define __noreturn __attribute__((__noreturn__))
#define __used __attribute__((__used__))
#define __maybe_unused __attribute__((__unused__))
#define __unused __attribute__((__unused__))
#define __packed __attribute__((__packed__))
#define __aligned(n) __attribute__((__aligned__(n)))
#define __section(name) __attribute__((__section__(name)))
#define __weak __attribute__((__weak__))
#define __printf(format, first) __attribute__((__format__(printf, format, first)))
#define __must_check __attribute__((__warn_unused_result__))
#define __pure __attribute__((__pure__))
#define fallthrough __attribute__((__fallthrough__))
#define __user
#define __iomem
#define __force

#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))

/* A name nobody else has: prefix and a number. */
#define __lcd_paste2(a, b) a##b
#define __lcd_paste(a, b) __lcd_paste2(a, b)
#define __UNIQUE_ID(prefix) __lcd_paste(__UNIQUE_ID_##prefix, __COUNTER__)

#define __stringify_1(x...) #x
#define __stringify(x...) __stringify_1(x)

#endif
