/** State components (SDM 1, "XSAVE-Supported Features and State-Component Bitmaps"): bits of XCR0. */
export const StateComponent = { x87: 1, sse: 2 } as const;

/** Every component that there is. */
export const XSAVE_COMPONENTS = StateComponent.x87 | StateComponent.sse;

/** The XSAVE header, behind the legacy region of 512 bytes (SDM 1, "XSAVE Header"). */
export const XsaveHeader = {
  /** XSTATE_BV: the components that the area holds. */
  components: 512,
  /** XCOMP_BV: not 0 in the compacted format, which this processor does not have. */
  compaction: 520,
  /** Bytes up to `end` are 0. */
  reserved: 528,
  end: 576,
} as const;

/** Bytes of an XSAVE area with every component: x87 and SSE are in the legacy region. */
export const XSAVE_SIZE = XsaveHeader.end;
