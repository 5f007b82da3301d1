/* SPDX-License-Identifier: MIT */
/*
 * What a module offers to others, as the loader of Linux 6.1 reads it: an entry
 * of section __ksymtab is three 32-bit offsets, each counted from itself, to the
 * symbol, to its name, and to its namespace.
 */
#ifndef _LINUX_EXPORT_H
#define _LINUX_EXPORT_H

#include <linux/compiler.h>

#define __lcd_export(symbol, section)					\
	extern __typeof__(symbol) symbol;				\
	__asm__(".pushsection \"__ksymtab_strings\", \"aMS\", @progbits, 1\n" \
		"__kstrtab_" #symbol ": .asciz \"" #symbol "\"\n"	\
		"__kstrtabns_" #symbol ": .asciz \"\"\n"		\
		".popsection\n"						\
		".pushsection \"" section "\", \"a\", @progbits\n"	\
		".balign 4\n"						\
		"__ksymtab_" #symbol ":\n"				\
		".long " #symbol " - .\n"				\
		".long __kstrtab_" #symbol " - .\n"			\
		".long __kstrtabns_" #symbol " - .\n"			\
		".popsection\n")

#define EXPORT_SYMBOL(symbol) __lcd_export(symbol, "__ksymtab")
#define EXPORT_SYMBOL_GPL(symbol) __lcd_export(symbol, "__ksymtab_gpl")

struct module;
extern struct module __this_module;
#define THIS_MODULE (&__this_module)

#endif
