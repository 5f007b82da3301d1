import { type hpa_t, PAGE_SIZE } from "lcd-arch-x86";
import type { ModulePart } from "../module";
import type { PageAllocator, PageOwner } from "./page-allocator";

/** Where the contents of one page of a module come from. */
export type ModulePage =
  /** One host page for all domains. */
  | { readonly kind: "shared"; readonly hpa: hpa_t }
  /** A page of its own for each domain, with these contents; `null` is all zero. */
  | { readonly kind: "private"; readonly contents: Uint8Array | null };

/** A part of a module, and its pages. */
export interface StoredPart {
  readonly part: ModulePart;
  readonly pages: readonly ModulePage[];
}

/** Puts what domains share of a module into host pages. @throws KernelError ENOMEM; then all pages are given back */
export function storeParts(parts: readonly ModulePart[], allocator: PageAllocator, owner: PageOwner): StoredPart[] {
  const stored: StoredPart[] = [];
  try {
    for (const part of parts) {
      const pages: ModulePage[] = [];
      stored.push({ part, pages });
      for (const contents of pagesOf(part)) {
        if (part.kind === "data") pages.push({ kind: "private", contents: isZero(contents) ? null : contents });
        else pages.push({ kind: "shared", hpa: allocator.allocWith(owner, contents) });
      }
    }
    return stored;
  } catch (error) {
    releaseParts(stored, allocator, owner);
    throw error;
  }
}

/** Gives the host pages back; no domain may have them any more. */
export function releaseParts(parts: readonly StoredPart[], allocator: PageAllocator, owner: PageOwner): void {
  for (const { pages } of parts) {
    for (const page of pages) if (page.kind === "shared") allocator.release(owner, page.hpa);
  }
}

function pagesOf(part: ModulePart): Uint8Array[] {
  const pages: Uint8Array[] = [];
  for (let at = 0; at < part.bytes.length; at += PAGE_SIZE) pages.push(part.bytes.subarray(at, at + PAGE_SIZE));
  return pages;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
