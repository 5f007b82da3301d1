import { expect, it } from "vitest";
import { KeptOutput } from "./kept-output";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it("keeps what is printed, in whatever parts it comes", () => {
  const kept = new KeptOutput();
  const text = "für alle, ".repeat(2000);
  for (const byte of bytes(text)) kept.add(Uint8Array.of(byte));
  kept.add(bytes("und das"));
  expect(kept.json).toEqual({ console: `${text}und das` });
});

it("keeps the first 16 MiB, and counts the others", () => {
  const kept = new KeptOutput();
  const mebibyte = bytes("x".repeat(2 ** 20));
  for (let count = 0; count < 20; count++) kept.add(mebibyte);
  kept.add(bytes("end"));
  const { console, consoleLost } = kept.json;
  expect([console.length, consoleLost]).toEqual([16 * 2 ** 20, 4 * 2 ** 20 + 3]);
});
