import { KernelError } from "lcd-arch-x86";
import { allCptrs, CAPABILITY_SLOTS, type cptr_t, cptrPath, TABLE_FANOUT } from "./cptr";
import type { Capability } from "./object";

/** A table of cnodes: one half holds capabilities, the other leads to further tables. */
interface CnodeTable<C> {
  readonly capabilities: (C | null)[];
  readonly tables: (CnodeTable<C> | null)[];
}

/**
 * What somebody can name: a tree of cnode tables that grows as slots are filled and shrinks as they are emptied.
 *
 * @typeParam C the capabilities that it can hold
 */
export class Cspace<C extends Capability = Capability> {
  private readonly root = newTable<C>();
  private tables = 1;
  private held = 0;

  /** Capabilities that it holds. */
  get size(): number {
    return this.held;
  }

  /** Cnode tables that it is made of. */
  get tableCount(): number {
    return this.tables;
  }

  /** Whether a slot holds nothing. */
  isFree(cptr: cptr_t): boolean {
    return this.peek(cptr) === null;
  }

  /** @throws KernelError ENOENT when the slot holds nothing */
  lookup(cptr: cptr_t): C {
    const capability = this.peek(cptr);
    if (capability === null) throw new KernelError("ENOENT", `slot 0x${cptr.toString(16)} holds no capability`);
    return capability;
  }

  /** The lowest free slot. @throws KernelError ENOMEM when every slot is taken */
  freeSlot(): cptr_t {
    for (const cptr of allCptrs()) if (this.isFree(cptr)) return cptr;
    throw new KernelError("ENOMEM", `all ${this.held} slots of the cspace are taken`);
  }

  /** Puts a capability into a free slot. @throws KernelError EEXIST when the slot holds one already */
  insert(cptr: cptr_t, capability: C): void {
    if (!this.isFree(cptr)) throw new KernelError("EEXIST", `slot 0x${cptr.toString(16)} holds a capability already`);
    const { steps, slot } = cptrPath(cptr);
    let table = this.root;
    for (const step of steps) {
      let next = table.tables[step];
      if (next === null) {
        next = newTable<C>();
        table.tables[step] = next;
        this.tables++;
      }
      table = next;
    }
    table.capabilities[slot] = capability;
    this.held++;
  }

  /** Empties a slot and gives what was in it. @throws KernelError ENOENT when the slot holds nothing */
  remove(cptr: cptr_t): C {
    const capability = this.lookup(cptr);
    const { steps, slot } = cptrPath(cptr);
    const path = [this.root];
    for (const step of steps) {
      const next = path[path.length - 1].tables[step];
      if (next !== null) path.push(next);
    }
    path[path.length - 1].capabilities[slot] = null;
    this.held--;
    for (let level = steps.length; level > 0 && isEmpty(path[level]); level--) {
      path[level - 1].tables[steps[level - 1]] = null;
      this.tables--;
    }
    return capability;
  }

  /** Empties every slot, and gives what was in them. */
  removeAll(): C[] {
    const removed: C[] = [];
    collect(this.root, removed);
    this.root.capabilities.fill(null);
    this.root.tables.fill(null);
    this.tables = 1;
    this.held = 0;
    return removed;
  }

  private peek(cptr: cptr_t): C | null {
    const { steps, slot } = cptrPath(cptr);
    let table: CnodeTable<C> | null = this.root;
    for (const step of steps) {
      table = table.tables[step];
      if (table === null) return null;
    }
    return table.capabilities[slot];
  }
}

function newTable<C>(): CnodeTable<C> {
  return {
    capabilities: new Array<C | null>(CAPABILITY_SLOTS).fill(null),
    tables: new Array<CnodeTable<C> | null>(TABLE_FANOUT).fill(null),
  };
}

function isEmpty<C>(table: CnodeTable<C>): boolean {
  return table.capabilities.every((entry) => entry === null) && table.tables.every((entry) => entry === null);
}

function collect<C>(table: CnodeTable<C>, into: C[]): void {
  for (const capability of table.capabilities) if (capability !== null) into.push(capability);
  for (const next of table.tables) if (next !== null) collect(next, into);
}
