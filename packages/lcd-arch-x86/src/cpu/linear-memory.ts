import type { AccessFault, MemoryAccess } from "./memory-access";
import type { CpuState } from "./state";
import { ACCESS_KIND_SHIFT, AccessKind } from "./translate/memory-lookup";

/** A system instruction's memory operand could not be accessed. */
export class LinearAccessError extends Error {
  constructor(readonly fault: AccessFault) {
    super(`memory operand: ${fault.kind}`);
    this.name = "LinearAccessError";
  }
}

/** Memory by linear address, for the operands of system instructions: with the same checks as translated code. */
export class LinearMemory {
  private readonly view: DataView;

  constructor(
    buffer: ArrayBufferLike,
    private readonly state: CpuState,
    private readonly access: MemoryAccess,
  ) {
    this.view = new DataView(buffer);
  }

  /** Reads 8 bytes. @throws LinearAccessError */
  read64(address: bigint): bigint {
    return this.view.getBigUint64(this.place(address, AccessKind.read), true);
  }

  /** Writes 8 bytes. @throws LinearAccessError */
  write64(address: bigint, value: bigint): void {
    this.state.set64("slowValue", value);
    this.view.setBigUint64(this.place(address, AccessKind.write), value, true);
  }

  private place(address: bigint, kind: number): number {
    this.state.set64("slowAddress", address);
    this.access.mayModifyCode = true;
    const place = this.access.serve(8 | (kind << ACCESS_KIND_SHIFT));
    this.access.mayModifyCode = false;
    if (place === 0) {
      throw new LinearAccessError(this.access.fault);
    }
    return place;
  }
}
