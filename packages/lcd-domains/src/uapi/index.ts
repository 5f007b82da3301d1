/**
 * What user code and the LCD driver agree on: the device, its ioctl numbers and their arguments (seed 000, SETUP).
 *
 * A leaf: it imports nothing, so that the module tools need no microkernel to be built or tested.
 */

/** The LCD driver's device. */
export const LCD_DEVICE = "/dev/lcd";

/** The letter that marks the LCD driver's ioctls. */
const LCD_IOCTL_TYPE = 0x6c; // "l"

/** Direction "user writes, kernel reads" in an ioctl number. */
const IOC_WRITE = 1;

/**
 * Builds an ioctl number the way Linux lays it out on x86: bits 0-7 the number, 8-15 the driver's letter,
 * 16-29 the size of the argument in bytes, 30-31 the direction.
 */
function iow(type: number, number: number, size: number): number {
  return ((IOC_WRITE << 30) | (size << 16) | (type << 8) | number) >>> 0;
}

/** Bytes of the argument as C would lay it out: four 64-bit fields (image, size, options, name). */
const LCD_LOAD_MODULE_SIZE = 4 * 8;

/**
 * `_IOW('l', 1, 32 bytes)` = 0x40206c01: loads a module that is destined for an lcd. Its init code never runs in the
 * host. The argument is an {@link LcdLoadModule}; the result is 0, or a negative errno.
 */
export const LCD_LOAD_MODULE: number = iow(LCD_IOCTL_TYPE, 1, LCD_LOAD_MODULE_SIZE);

/** The argument of {@link LCD_LOAD_MODULE}. */
export interface LcdLoadModule {
  /** The module's ELF image, uncompressed. */
  readonly image: Uint8Array;
  /** How many bytes of `image` are the module. */
  readonly size: number;
  /** Parameters, as one would write them after the name on modprobe's command line: `count=3 name="a b"`. */
  readonly options: string;
  /** The module's name, with underscores: `lz4_compress`. */
  readonly name: string;
}
