/** One element of DER: its tag byte and its content (X.690, 8.1). */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** Tags of the universal class that signatures use, constructed ones with bit 0x20 (X.680, 8.4). */
export const DerTag = {
  integer: 0x02,
  octetString: 0x04,
  objectIdentifier: 0x06,
  sequence: 0x30,
  set: 0x31,
  /** Context-specific, constructed, number 0. */
  context0: 0xa0,
} as const;

/**
 * Splits bytes into the elements that stand one after the other in them.
 *
 * @returns null when the bytes are no DER, or cut off
 */
export function derElements(bytes: Uint8Array): DerElement[] | null {
  const elements: DerElement[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const element = derElementAt(bytes, offset);
    if (element === null) return null;
    elements.push(element);
    offset = element.end;
  }
  return elements;
}

/** The first element; what follows it does not matter. */
export function derElementAt(bytes: Uint8Array, offset: number): (DerElement & { readonly end: number }) | null {
  const [tag, first] = bytes.subarray(offset, offset + 2);
  if (tag === undefined || first === undefined) return null;
  let length = first;
  let start = offset + 2;
  if (first >= 0x80) {
    const lengthBytes = bytes.subarray(start, start + (first & 0x7f));
    // Longer lengths fit in no file; 0x80 is BER's indefinite form.
    if (lengthBytes.length === 0 || lengthBytes.length > 4 || lengthBytes.length < (first & 0x7f)) return null;
    length = lengthBytes.reduce((value, byte) => value * 256 + byte, 0);
    start += lengthBytes.length;
  }
  const end = start + length;
  return end > bytes.length ? null : { tag, content: bytes.subarray(start, end), end };
}
