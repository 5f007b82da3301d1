/* SPDX-License-Identifier: MIT */
#ifndef _LINUX_KERNEL_H
#define _LINUX_KERNEL_H

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/stdarg.h>
#include <linux/types.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define ALIGN(x, a) (((x) + ((__typeof__(x))(a) - 1)) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a) - 1)) == 0)
#define round_up(x, a) ALIGN(x, a)
#define round_down(x, a) ((x) & ~((__typeof__(x))(a) - 1))

#define min(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a < _b ? _a : _b; })
#define max(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a > _b ? _a : _b; })
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define clamp(value, low, high) min(max(value, low), high)
#define swap(a, b) do { __typeof__(a) _t = (a); (a) = (b); (b) = _t; } while (0)
#define abs(x) ({ __typeof__(x) _x = (x); _x < 0 ? -_x : _x; })

#define container_of(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))

#define U8_MAX ((u8)~0U)
#define S8_MAX ((s8)(U8_MAX >> 1))
#define S8_MIN ((s8)(-S8_MAX - 1))
#define U16_MAX ((u16)~0U)
#define S16_MAX ((s16)(U16_MAX >> 1))
#define S16_MIN ((s16)(-S16_MAX - 1))
#define U32_MAX ((u32)~0U)
#define U64_MAX ((u64)~0ULL)
#define INT_MAX __INT_MAX__
#define INT_MIN (-INT_MAX - 1)
#define UINT_MAX (~0U)
#define LONG_MAX __LONG_MAX__
#define LONG_MIN (-LONG_MAX - 1)
#define ULONG_MAX (~0UL)
#define LLONG_MAX __LONG_LONG_MAX__
#define LLONG_MIN (-LLONG_MAX - 1)
#define ULLONG_MAX (~0ULL)
#define SIZE_MAX (~(size_t)0)

/*
 * printf into a buffer of `size` bytes, its end included. Knows d i u o x X c s p %,
 * the lengths hh h l ll z t j, the flags - + space 0 #, widths and precisions, `*`
 * for both. %p prints sixteen hex digits. Returns what the length would be in a
 * buffer that is large enough.
 */
__printf(3, 0) int vsnprintf(char *buffer, size_t size, const char *format, va_list args);
__printf(3, 4) int snprintf(char *buffer, size_t size, const char *format, ...);
__printf(2, 3) int sprintf(char *buffer, const char *format, ...);
__printf(2, 0) int vsprintf(char *buffer, const char *format, va_list args);

/* The same, but the result is what was really written. */
__printf(3, 0) int vscnprintf(char *buffer, size_t size, const char *format, va_list args);
__printf(3, 4) int scnprintf(char *buffer, size_t size, const char *format, ...);

/*
 * Text to number: the whole text, one newline at its end allowed. Base 0 takes
 * 0x and 0 prefixes. -EINVAL: not a number, -ERANGE: does not fit.
 */
int kstrtoull(const char *text, unsigned int base, unsigned long long *result);
int kstrtoll(const char *text, unsigned int base, long long *result);
int kstrtoul(const char *text, unsigned int base, unsigned long *result);
int kstrtol(const char *text, unsigned int base, long *result);
int kstrtouint(const char *text, unsigned int base, unsigned int *result);
int kstrtoint(const char *text, unsigned int base, int *result);
int kstrtou16(const char *text, unsigned int base, u16 *result);
int kstrtos16(const char *text, unsigned int base, s16 *result);
int kstrtou8(const char *text, unsigned int base, u8 *result);
int kstrtos8(const char *text, unsigned int base, s8 *result);
int kstrtobool(const char *text, bool *result);

#endif
