import { expect, it } from "vitest";
import { blankScreen, screenText } from "./text-screen";

/** Text memory with these words at these places. */
function shown(words: Readonly<Record<number, number>>, start = 0): string[] {
  const memory = new Uint8Array(0x8000);
  memory.set(blankScreen().bytes);
  const view = new DataView(memory.buffer);
  for (const [place, word] of Object.entries(words)) view.setUint16(Number(place) * 2, word, true);
  return screenText((address, length) => memory.subarray(address - 0xb8000).subarray(0, length), start);
}

it("is empty at first", () => {
  expect(shown({})).toEqual([]);
});

it("shows characters, whatever their colours, at their places", () => {
  expect(shown({ 0: 0x0748, 1: 0x4f69, 162: 0x0021 })).toEqual(["Hi", "", "  !"]);
});

it("shows the characters of code page 437, as Python knows them", () => {
  // bytes([0x80, 0x9b, 0xb0, 0xc4, 0xdb, 0xe3, 0xfe]).decode("cp437")
  const words = { 0: 0x80, 1: 0x9b, 2: 0xb0, 3: 0xc4, 4: 0xdb, 5: 0xe3, 6: 0xfe };
  expect(shown(words)).toEqual(["Ç¢░─█π■"]);
});

it("begins where the CRT controller says, and goes round at the end of its memory", () => {
  expect(shown({ 80: 0x0741 }, 80)).toEqual(["A"]);
  expect(shown({ 16383: 0x0741, 0: 0x0742 }, 0x3fff)[0]).toBe("AB");
});
