/* SPDX-License-Identifier: MIT */
/*
 * Module parameters, laid out as Linux 6.1 does on x86-64. Whoever loads the
 * module finds them in section __param, and knows their type by `ops`.
 */
#ifndef _LINUX_MODULEPARAM_H
#define _LINUX_MODULEPARAM_H

#include <linux/export.h>
#include <linux/types.h>

#define __MODULE_INFO(tag, name, info)					\
	static const char __UNIQUE_ID(name)[]				\
		__used __section(".modinfo") __aligned(1) = __stringify(tag) "=" info

struct kernel_param;

struct kernel_param_ops {
	unsigned int flags;
	int (*set)(const char *value, const struct kernel_param *param);
	int (*get)(char *buffer, const struct kernel_param *param);
	void (*free)(void *arg);
};

/* A parameter that may be named without a value. */
#define KERNEL_PARAM_OPS_FL_NOARG 1

struct kparam_string {
	unsigned int maxlen;
	char *string;
};

struct kparam_array {
	unsigned int max;
	unsigned int elemsize;
	unsigned int *num;
	const struct kernel_param_ops *ops;
	void *elem;
};

struct kernel_param {
	const char *name;			/* 0 */
	struct module *mod;			/* 8 */
	const struct kernel_param_ops *ops;	/* 16 */
	const u16 perm;				/* 24 */
	s8 level;				/* 26 */
	u8 flags;				/* 27 */
	union {					/* 32 */
		void *arg;
		const struct kparam_string *str;
		const struct kparam_array *arr;
	};
};

_Static_assert(sizeof(struct kernel_param) == 40, "struct kernel_param as in Linux 6.1");

/* The C type behind each parameter type. */
typedef unsigned char __param_type_byte;
typedef short __param_type_short;
typedef unsigned short __param_type_ushort;
typedef int __param_type_int;
typedef unsigned int __param_type_uint;
typedef unsigned int __param_type_hexint;
typedef long __param_type_long;
typedef unsigned long __param_type_ulong;
typedef unsigned long long __param_type_ullong;
typedef char *__param_type_charp;
typedef bool __param_type_bool;
typedef bool __param_type_invbool;

extern const struct kernel_param_ops param_ops_byte, param_ops_short, param_ops_ushort, param_ops_int, param_ops_uint,
	param_ops_hexint, param_ops_long, param_ops_ulong, param_ops_ullong, param_ops_charp, param_ops_bool,
	param_ops_invbool, param_ops_string, param_array_ops;

#define __lcd_param(param, operations, mode, argument)				\
	static const char __param_str_##param[] = #param;			\
	static const struct kernel_param __param_##param			\
		__used __section("__param") __aligned(sizeof(void *)) = {	\
		.name = __param_str_##param, .mod = THIS_MODULE, .ops = operations, \
		.perm = mode, .level = -1, .flags = 0, { argument } }

/* A parameter `param` of a named type, kept in `variable`. */
#define module_param_named(param, variable, type, mode)				\
	static inline __maybe_unused __param_type_##type *__check_##param(void)	\
	{									\
		return &(variable);						\
	}									\
	__lcd_param(param, &param_ops_##type, mode, &(variable));		\
	__MODULE_INFO(parmtype, parmtype, #param ":" #type)

#define module_param(variable, type, mode) module_param_named(variable, variable, type, mode)

/* A parameter copied into a char array of `length` bytes, its end included. */
#define module_param_string(param, array, length, mode)				\
	static const struct kparam_string __param_string_##param = { length, array }; \
	__lcd_param(param, &param_ops_string, mode, (void *)&__param_string_##param); \
	__MODULE_INFO(parmtype, parmtype, #param ":string")

/* Comma-separated values into an array; `*count` says how many there were. */
#define module_param_array_named(param, array, type, count, mode)		\
	static const struct kparam_array __param_array_##param = {		\
		.max = sizeof(array) / sizeof((array)[0]), .elemsize = sizeof((array)[0]), \
		.num = count, .ops = &param_ops_##type, .elem = array };	\
	__lcd_param(param, &param_array_ops, mode, (void *)&__param_array_##param); \
	__MODULE_INFO(parmtype, parmtype, #param ":array of " #type)

#define module_param_array(array, type, count, mode) module_param_array_named(array, array, type, count, mode)

#define MODULE_PARM_DESC(param, description) __MODULE_INFO(parm, parm, #param ":" description)

#endif
