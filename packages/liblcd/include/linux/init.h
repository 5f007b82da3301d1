/* SPDX-License-Identifier: MIT */
#ifndef _LINUX_INIT_H
#define _LINUX_INIT_H

#include <linux/compiler.h>

#define __init __section(".init.text")
#define __initdata __section(".init.data")
#define __exit __section(".exit.text") __used
#define __exitdata __section(".exit.data")

typedef int (*initcall_t)(void);
typedef void (*exitcall_t)(void);

#endif
