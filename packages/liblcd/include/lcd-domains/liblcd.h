/* SPDX-License-Identifier: MIT */
/*
 * liblcd: what isolated code calls.
 *
 * Functions that return int return 0 or a negative errno.
 */
#ifndef LCD_DOMAINS_LIBLCD_H
#define LCD_DOMAINS_LIBLCD_H

#include <linux/types.h>
#include <linux/stdarg.h>
#include <lcd-domains/boot-info.h>
#include <lcd-domains/liblcd-config.h>
#include <lcd-domains/syscall.h>
#include <lcd-domains/types.h>
#include <lcd-domains/utcb.h>

/* ---- enter, exit ---- */

/*
 * Makes liblcd ready: reads the boot info, sets up cptrs and memory. A second
 * call does nothing. -EINVAL: this domain was made by somebody else.
 */
int lcd_enter(void);

/* Ends the domain; retval is the result that its creator sees. */
void __attribute__((noreturn)) lcd_exit(int retval);

/* Lets others run. */
void lcd_yield(void);

/* ---- console ---- */

/*
 * Prints on the domain's console: at most LCD_PRINTK_MAX - 1 bytes, the rest is
 * cut. Formats as vsnprintf; a leading KERN_ level is left out. Returns the
 * number of bytes printed.
 */
int __attribute__((format(printf, 1, 2))) lcd_printk(const char *format, ...);
int __attribute__((format(printf, 1, 0))) lcd_vprintk(const char *format, va_list args);

/* ---- capability slots ---- */

/* Makes the slot allocator ready; lcd_enter does this, and so does the first slot that is asked for. */
int lcd_init_cptr(void);

/* Finds a slot that is not in use. -ENOMEM: there is none. */
int lcd_alloc_cptr(cptr_t *slot_out);

/* Gives a slot back. It must hold nothing any more. */
void lcd_free_cptr(cptr_t slot);

/* ---- pages ---- */

/* Asks for 2^order zeroed pages, in a slot of their own. -ENOMEM, -EINVAL: order above LCD_MAX_ORDER. */
int lcd_pages_alloc(unsigned int order, cptr_t *slot_out);

/* The same for one page. */
int lcd_page_alloc(cptr_t *slot_out);

/* Maps the pages of a slot in guest-physical space, from a page-aligned gpa on. */
int lcd_page_map(cptr_t slot, gpa_t gpa);

/* Takes them out again. */
int lcd_page_unmap(cptr_t slot);

/*
 * Reserves guest-physical (and, the same number, guest-virtual) space for
 * 2^order pages, aligned to its size. It is not given back. -ENOMEM
 */
int lcd_reserve_gpa(unsigned int order, gpa_t *gpa_out);

/*
 * Get a free page: allocates it and maps it, in guest-physical and in guest-virtual
 * space, at one address. When the mapping fails the page stays in its slot, unused.
 */
int lcd_gfp(cptr_t *slot_out, gpa_t *gpa_out, gva_t *gva_out);

/* ---- guest-virtual space ---- */

/*
 * Maps pages of guest-physical memory at gva, in the page tables that CR3 names.
 * Both addresses page-aligned. -EEXIST: something is mapped there; -ENOMEM: no
 * pages left for page tables; -EFAULT: the page tables make no sense.
 */
int lcd_map_gva(gva_t gva, gpa_t gpa, unsigned long pages);

/* Unmaps pages. -ENOENT: one of them is not mapped. */
int lcd_unmap_gva(gva_t gva, unsigned long pages);

/* Where a guest-virtual address leads. -ENOENT: nowhere. */
int lcd_gva_to_gpa(gva_t gva, gpa_t *gpa_out);

/* ---- memory ---- */

/* Makes kmalloc and its family ready; lcd_enter does this, and so does the first allocation. */
int lcd_mem_init(void);

/*
 * 2^order pages, aligned to their size, not zeroed. NULL: no memory. Blocks that
 * are freed stay with the domain and serve later requests.
 */
void *lcd_alloc_pages(unsigned int order);
void lcd_free_pages(void *block);

#endif
