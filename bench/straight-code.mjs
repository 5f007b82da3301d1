/**
 * Straight runs of machine code that nobody has seen before: moves, arithmetic, shifts, loads and stores on RAX, RCX,
 * RDX, RSI and RDI, which a function may change, and the red zone of the stack. The result is in EAX.
 */

/** What a register field may name: RAX, RCX, RDX, RSI, RDI. */
const LOW = [0, 1, 2, 6, 7];

/** Each makes one instruction from a stream of 32-bit numbers; `r` and `s` are registers, `n` is a number. */
const INSTRUCTIONS = [
  (r, s) => [0x48, 0x01, 0xc0 | (s << 3) | r], // add r, s
  (r, s) => [0x48, 0x29, 0xc0 | (s << 3) | r], // sub r, s
  (r, s) => [0x48, 0x31, 0xc0 | (s << 3) | r], // xor r, s
  (r, s) => [0x89, 0xc0 | (s << 3) | r], // mov r32, s32
  (r, _s, n) => [0x81, 0xc0 | r, n, n >> 8, n >> 16, n >> 24], // add r32, n
  (r, s, n) => [0x8d, 0x44 | (r << 3), (s << 3) | r, n & 0x7f], // lea r32, [r+s+n]
  (r, _s, n) => [0x48, 0xc1, 0xc0 | r, 1 + (n & 31)], // rol r, n
  (r, _s, n) => [0xc1, 0xe8 | r, 1 + (n & 7)], // shr r32, n
  (r, s) => [0x48, 0x0f, 0xaf, 0xc0 | (r << 3) | s], // imul r, s
  (r, _s, n) => [0x48, 0x89, 0x44 | (r << 3), 0x24, 0x80 | (n & 0x78)], // mov [rsp-n], r
  (r, _s, n) => [0x48, 0x8b, 0x44 | (r << 3), 0x24, 0x80 | (n & 0x78)], // mov r, [rsp-n]
  (r, _s, n) => [0x48, 0x03, 0x44 | (r << 3), 0x24, 0x80 | (n & 0x78)], // add r, [rsp-n]
  (r, s) => [0x48, 0x39, 0xc0 | (s << 3) | r, 0x48, 0x0f, 0x42, 0xc0 | (r << 3) | s], // cmp r, s; cmovb r, s
];

const RETURN = 0xc3;
const SLOTS = 16;

/** About `count` instructions and a return; each seed gives other ones. */
export function straightCode(count, seed) {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  const random = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const pick = (list) => list[random() % list.length];
  const code = [];
  for (const register of LOW) {
    code.push(0xb8 | register, 1 + register, 0, 0, 0); // mov r32, n
  }
  for (let slot = 0; slot < SLOTS; slot++) {
    code.push(0x48, 0x89, 0x44, 0x24, 0x80 | (slot * 8)); // mov [rsp-n], rax: nothing that was there before counts
  }
  for (let i = LOW.length + SLOTS; i < count - 1; i++) {
    code.push(...pick(INSTRUCTIONS)(pick(LOW), pick(LOW), random()));
  }
  return Uint8Array.from([...code, RETURN]);
}
