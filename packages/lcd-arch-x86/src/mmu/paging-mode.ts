import { KernelError } from "../errno";
import { Cr4, Efer } from "./control-bits";
import type { PagingLevel } from "./paging-entry";

/** A guest paging mode: when it applies and what its hierarchy looks like, from the root down. */
interface PagingMode {
  readonly name: string;
  readonly applies: (cr4: number, efer: number) => boolean;
  readonly levels: readonly PagingLevel[];
}

/** The paging modes there are (SDM 3A, "Paging Modes and Control Bits"); 4-level: Tables 4-15 to 4-20. */
const pagingModes: readonly PagingMode[] = [
  {
    name: "4-level",
    applies: (cr4, efer) => (cr4 & Cr4.PAE) !== 0 && (cr4 & Cr4.LA57) === 0 && (efer & Efer.LMA) !== 0,
    levels: [
      { shift: 39, pageReserved: null, tableReserved: 0x80 },
      { shift: 30, pageReserved: 0x3fffe000, tableReserved: 0 },
      { shift: 21, pageReserved: 0x001fe000, tableReserved: 0 },
      { shift: 12, pageReserved: 0, tableReserved: null },
    ],
  },
];

/** The hierarchy that CR4 and EFER select while CR0.PG is set. @throws KernelError ENOTSUP */
export function pagingLevels(cr4: number, efer: number): readonly PagingLevel[] {
  for (const mode of pagingModes) if (mode.applies(cr4, efer)) return mode.levels;
  throw new KernelError(
    "ENOTSUP",
    `paging with CR4 0x${(cr4 >>> 0).toString(16)} and EFER 0x${efer.toString(16)}: this processor pages in long mode with 4 levels`,
  );
}
