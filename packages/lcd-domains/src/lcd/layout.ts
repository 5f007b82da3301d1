/**
 * Addresses at boot: guest-virtual equals guest-physical below the module (docs/microkernel.md, The boot address
 * space; liblcd, `lcd-domains/liblcd-config.h`).
 */

/** Guest-virtual page tables: made by the creator, continued by the domain. */
export const TABLES_BASE = 0x0010_0000;
export const TABLES_END = 0x0050_0000;

/** What the creator leaves for the domain. GS points to the first of these pages. */
export const BOOT_BASE = 0x0050_0000;
export const BOOT_PAGES = 4;
/** Offset of the canary that gcc's stack protector reads as `%gs:0x28`. */
export const BOOT_CANARY = 0x28;
/** Offset of `struct lcd_boot_info`. */
export const BOOT_INFO = 0x100;

/** Stack of the init thread, its UTCB at the bottom. */
export const STACK_BASE = 0x0050_4000;
export const STACK_PAGES = 4;
export const STACK_TOP = 0x0050_8000;
/** Where the first frame begins: a small overrun of it hits the stack still, and its protector finds it. */
export const FIRST_FRAME = STACK_TOP - 0x100;

/** The module, guest-physical; behind it what it uses. */
export const MODULE_BASE = 0x0051_0000;

/** First guest-physical byte that the heap must leave alone: buffers for calls from the host begin here. */
export const HEAP_END = 0x4000_0000;

/** Where the host puts buffers for the functions that it calls: 1 GiB. */
export const BUFFERS_BASE = 0x4000_0000;
export const BUFFERS_END = 0x8000_0000;

/** First byte that is no guest-physical address any more. */
export const GUEST_PHYSICAL_END = 0x1_0000_0000_0000n;
