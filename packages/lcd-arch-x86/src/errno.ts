/** Errno names and numbers, x86-64 Linux (`include/uapi/asm-generic/errno*.h`). */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  ENOEXEC: 8,
  EBADF: 9,
  ECHILD: 10,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOTTY: 25,
  EFBIG: 27,
  ENOSPC: 28,
  EDOM: 33,
  ERANGE: 34,
  EDEADLK: 35,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  ELOOP: 40,
  ETIME: 62,
  EPROTO: 71,
  EOVERFLOW: 75,
  ENOTSUP: 95,
  ETIMEDOUT: 110,
  EALREADY: 114,
  ECANCELED: 125,
} as const;

/** A kernel error code by name. */
export type ErrnoName = keyof typeof Errno;

const names = new Map<number, ErrnoName>(Object.entries(Errno).map(([name, value]) => [value, name as ErrnoName]));

/** The positive number of an errno name. */
export function errnoOf(name: ErrnoName): number {
  return Errno[name];
}

/** The name of an errno number of either sign, or undefined when it has none here. */
export function errnoName(value: number): ErrnoName | undefined {
  return names.get(Math.abs(value));
}

/**
 * The one error that host code throws: a kernel error code and a sentence that says what was asked,
 * what was found and, where it helps, what to do.
 */
export class KernelError extends Error {
  readonly code: ErrnoName;
  /** Positive errno number of `code`. */
  readonly errno: number;

  constructor(code: ErrnoName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "KernelError";
    this.code = code;
    this.errno = errnoOf(code);
  }
}
