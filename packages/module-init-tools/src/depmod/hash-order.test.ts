import { expect, test } from "vitest";
import { inHashOrder, MODULE_BUCKETS, superFastHash } from "./hash-order";

test("modules come in the order in which kmod's table gives them", () => {
  const names = ["a_one", "b", "c", "text", "empty", "header", "half", "packed", "good", "crc_itu_t", "x"];
  expect(inHashOrder(names, (name) => name, MODULE_BUCKETS)).toEqual(KMOD_ORDER);
});

test("the hash of nothing is 0", () => {
  expect(superFastHash(new Uint8Array(0))).toBe(0);
});

test("the order does not depend on where things stood before", () => {
  const names = Array.from({ length: 100 }, (_, i) => `module_${i}`);
  expect(inHashOrder([...names].reverse(), (name) => name, MODULE_BUCKETS)).toEqual(
    inHashOrder(names, (name) => name, MODULE_BUCKETS),
  );
});

// What depmod of kmod 30 wrote for modules of these names, none needing another, when modules.order was empty.
const KMOD_ORDER = ["empty", "text", "crc_itu_t", "c", "b", "half", "header", "x", "good", "a_one", "packed"];
