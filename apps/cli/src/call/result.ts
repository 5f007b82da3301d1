import { type DomainBuffer, errorOfResult } from "lcd-domains";

/** How a result is to be read: rax has 64 bits, of which a function's type may say that fewer count. */
export interface ResultType {
  readonly width: 8 | 16 | 32 | 64;
  readonly signed: boolean;
}

/** The value that a type makes of the 64 bits in rax. */
export function typedResult(rax: bigint, { width, signed }: ResultType): bigint {
  return signed ? BigInt.asIntN(width, rax) : BigInt.asUintN(width, rax);
}

/** `47933 (0xbb3d)`; an error has its name, a pointer into a buffer is told: `5308416 (0x510000, byte 0 of argument 1)`. */
export function formatResult(rax: bigint, type: ResultType, buffers: readonly (DomainBuffer | null)[]): string {
  const value = typedResult(rax, type);
  const notes = [`0x${BigInt.asUintN(type.width, rax).toString(16)}`];
  const error = value < 0n && type.width >= 32 ? errorOfResult(value)?.name : undefined;
  if (error !== undefined) notes.push(`-${error}`);
  buffers.forEach((buffer, index) => {
    if (buffer !== null && rax >= buffer.address && rax < buffer.address + BigInt(buffer.length)) {
      notes.push(`byte ${rax - buffer.address} of argument ${index + 1}`);
    }
  });
  return `${value} (${notes.join(", ")})`;
}
