/**
 * The error codes that files and the LCD driver answer with: number (x86 Linux) and the C library's sentence.
 */
const ERRORS = {
  EPERM: [1, "Operation not permitted"],
  ENOENT: [2, "No such file or directory"],
  ESRCH: [3, "No such process"],
  EINTR: [4, "Interrupted system call"],
  EIO: [5, "Input/output error"],
  ENXIO: [6, "No such device or address"],
  E2BIG: [7, "Argument list too long"],
  ENOEXEC: [8, "Exec format error"],
  EBADF: [9, "Bad file descriptor"],
  EAGAIN: [11, "Resource temporarily unavailable"],
  ENOMEM: [12, "Cannot allocate memory"],
  EACCES: [13, "Permission denied"],
  EFAULT: [14, "Bad address"],
  EBUSY: [16, "Device or resource busy"],
  EEXIST: [17, "File exists"],
  EXDEV: [18, "Invalid cross-device link"],
  ENODEV: [19, "No such device"],
  ENOTDIR: [20, "Not a directory"],
  EISDIR: [21, "Is a directory"],
  EINVAL: [22, "Invalid argument"],
  EMFILE: [24, "Too many open files"],
  ENOTTY: [25, "Inappropriate ioctl for device"],
  EFBIG: [27, "File too large"],
  ENOSPC: [28, "No space left on device"],
  EROFS: [30, "Read-only file system"],
  ERANGE: [34, "Numerical result out of range"],
  ENAMETOOLONG: [36, "File name too long"],
  ENOSYS: [38, "Function not implemented"],
  ENOTEMPTY: [39, "Directory not empty"],
  ELOOP: [40, "Too many levels of symbolic links"],
  ENODATA: [61, "No data available"],
  EOPNOTSUPP: [95, "Operation not supported"],
} as const satisfies Record<string, readonly [number, string]>;

export type ErrorCode = keyof typeof ERRORS;

/** What the C library says for a code: `No such file or directory`. An unknown code is its own sentence. */
export function errorText(code: string): string {
  return isKnown(code) ? ERRORS[code][1] : code;
}

/** The code of a negative errno, as an ioctl returns it: `-2` is `ENOENT`. */
export function errorCodeOfResult(result: number): string {
  for (const [code, [number]] of Object.entries(ERRORS)) if (number === -result) return code;
  return `error ${-result}`;
}

/** The code that a thrown error carries (`code`, as Node's errors and KernelError have it), or null. */
export function errorCodeOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

/** A sentence for anything thrown: the C library's for a known code, otherwise the error's own message. */
export function describeError(error: unknown): string {
  const code = errorCodeOf(error);
  if (code !== null && isKnown(code)) return errorText(code);
  return error instanceof Error ? error.message : String(error);
}

function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}
