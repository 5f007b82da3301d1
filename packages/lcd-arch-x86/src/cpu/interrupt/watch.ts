import type { Processor } from "../processor";

/** Sees to it that accesses meet the breakpoints that the debug registers enable now, and no others. */
export function watch(p: Processor): void {
  const { access, breakpoints, tlb } = p;
  if (!p.isWatched) {
    access.breakpoints = null;
    return;
  }
  if (breakpoints.refresh(access.breakpoints !== null)) {
    // Accesses that the TLB serves would not be seen.
    tlb.flushPcids("all");
  }
  access.breakpoints = breakpoints;
}
