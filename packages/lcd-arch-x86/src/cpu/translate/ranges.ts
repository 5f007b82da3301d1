import { linearOf } from "./code-context";
import type { Decoded, DecodedRegion } from "./discover";

/** Code bytes that a translation was made from. */
export interface Range {
  /** Index in the translation's pages. */
  page: number;
  /** Offset in that page. */
  start: number;
  bytes: Uint8Array;
}

const PAGE = 4096;

/** The bytes of a region's instructions, joined where they touch, page by page. */
export function rangesOf(region: DecodedRegion): Range[] {
  const { context, entry } = region;
  const base = Number(linearOf(context, entry) % BigInt(PAGE));
  /** The index of the page that is `distance` bytes from the page of the entry. */
  const pageAt = (distance: number): number => {
    const address = linearOf(context, entry + BigInt(distance - base));
    return region.pages.findIndex((page) => page.address === address);
  };
  const spans: { start: number; end: number }[] = [];
  for (const { offset, length } of instructionsOf(region)) {
    const start = base + offset;
    // Where the end of an instruction cannot be fetched, its first byte stands for it.
    const end = start + Math.max(length, 1);
    const last = spans[spans.length - 1];
    if (last && last.end === start) {
      last.end = end;
    } else {
      spans.push({ start, end });
    }
  }
  const ranges: Range[] = [];
  for (const { start, end } of spans) {
    for (let at = start; at < end; ) {
      const pageStart = Math.floor(at / PAGE) * PAGE;
      const stop = Math.min(end, pageStart + PAGE);
      const page = pageAt(pageStart);
      if (page >= 0) {
        ranges.push({
          page,
          start: at - pageStart,
          bytes: region.pages[page].bytes.slice(at - pageStart, stop - pageStart),
        });
      }
      at = stop;
    }
  }
  return ranges;
}

/** A region's instructions as they lie in memory. */
function instructionsOf({ blocks }: DecodedRegion): readonly Decoded[] {
  const [first, ...others] = blocks.values();
  return others.length === 0
    ? first.instructions
    : [first, ...others].flatMap((block) => block.instructions).sort((a, b) => a.offset - b.offset);
}
