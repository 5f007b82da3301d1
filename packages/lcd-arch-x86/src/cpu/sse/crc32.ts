import { defineCallout } from "../callouts";
import { DESTINATION, get32, immediateOf, SOURCE, set32 } from "./lanes";

/** The polynomial of CRC-32C, bits reversed (SDM 2A, "CRC32"; RFC 3720, section 12.1). */
const POLYNOMIAL = 0x82f63b78;

/** The remainder of each byte. */
const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) {
    rest = (rest >>> 1) ^ (rest & 1 ? POLYNOMIAL : 0);
  }
  return rest;
});

/** CRC32: goes on from the first operand with as many bytes of the second as the third says, 1 to 8. */
export const crc32 = defineCallout("crc32", ({ state }) => {
  let rest = get32(state, DESTINATION, 0);
  const size = immediateOf(state);
  for (let at = 0; at < size; at++) {
    const byte = (get32(state, SOURCE, at >> 2) >>> ((at & 3) * 8)) & 0xff;
    rest = (rest >>> 8) ^ remainders[(rest ^ byte) & 0xff];
  }
  set32(state, 0, rest);
});
