/* SPDX-License-Identifier: MIT */
#ifndef _LINUX_MODULE_H
#define _LINUX_MODULE_H

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/types.h>

#define MODULE_INFO(tag, info) __MODULE_INFO(tag, tag, info)
#define MODULE_LICENSE(text) MODULE_INFO(license, text)
#define MODULE_AUTHOR(text) MODULE_INFO(author, text)
#define MODULE_DESCRIPTION(text) MODULE_INFO(description, text)
#define MODULE_VERSION(text) MODULE_INFO(version, text)
#define MODULE_ALIAS(text) MODULE_INFO(alias, text)
#define MODULE_SOFTDEP(text) MODULE_INFO(softdep, text)

/* The loader finds a module's entry by the name init_module, its end by cleanup_module. */
#define module_init(function)							\
	int init_module(void) __attribute__((alias(#function)));		\
	static inline __maybe_unused initcall_t __check_init(void) { return function; }

#define module_exit(function)							\
	void cleanup_module(void) __attribute__((alias(#function)));		\
	static inline __maybe_unused exitcall_t __check_exit(void) { return function; }

#endif
