/* SPDX-License-Identifier: MIT */
/* The instructions that C has no words for. A test on another machine brings its own (tools/native/). */
#ifndef LIBLCD_TRAP_H
#define LIBLCD_TRAP_H

/* The gpa of the top page table, in bits 12 and up. */
unsigned long lcd_read_cr3(void);

/* Forgets the translation of one page. */
void lcd_flush_page(unsigned long gva);

#endif
