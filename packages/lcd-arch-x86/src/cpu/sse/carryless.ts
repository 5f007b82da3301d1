import { defineCallout } from "../callouts";
import { DESTINATION, get32, immediateOf, SOURCE, set32 } from "./lanes";

/** Bits of PCLMULQDQ's immediate: which half of each operand is multiplied. */
const DESTINATION_HALF = 1 << 0;
const SOURCE_HALF = 1 << 4;

/** PCLMULQDQ: the product of two polynomials of 64 coefficients modulo 2. */
export const carrylessMultiply = defineCallout("pclmulqdq", ({ state }) => {
  const immediate = immediateOf(state);
  const first = immediate & DESTINATION_HALF ? 2 : 0;
  const second = immediate & SOURCE_HALF ? 2 : 0;
  const factor = [get32(state, SOURCE, second), get32(state, SOURCE, second + 1)];
  // The other factor, moved left by a place in each step.
  let words = [get32(state, DESTINATION, first), get32(state, DESTINATION, first + 1), 0, 0];
  const product = [0, 0, 0, 0];
  for (let bit = 0; bit < 64; bit++) {
    if ((factor[bit >> 5] >>> (bit & 31)) & 1) {
      for (let at = 0; at < 4; at++) {
        product[at] ^= words[at];
      }
    }
    words = words.map((word, at) => (word << 1) | (at === 0 ? 0 : words[at - 1] >>> 31));
  }
  for (let at = 0; at < 4; at++) {
    set32(state, at, product[at]);
  }
});
