import { pureOperations, type Statement, type Value, type ValueType } from "../ir";
import { StateOffset } from "../state";
import { type FunctionEmitter, Local, VALUE_128 } from "./emit";
import { LARGEST_ACCESS, RANGE_ENTRY_SIZE, RangeEntry, rangeOf } from "./range-layout";
import { NO_SPANS, type Span, type SpanAccess, type SpanAccesses } from "./spans";
import { type ByteWriter, Wasm, WasmType } from "./wasm";

type Load = Extract<Statement, { kind: "load" }>;
type Store = Extract<Statement, { kind: "store" }>;

/** By type and bytes. */
const loadOpcodes: Readonly<Record<ValueType, Readonly<Record<number, number>>>> = {
  i32: { 1: Wasm.i32Load8U, 2: Wasm.i32Load16U, 4: Wasm.i32Load },
  i64: { 8: Wasm.i64Load },
  f32: { 4: Wasm.f32Load },
  f64: { 8: Wasm.f64Load },
  v128: { 4: Wasm.v128Load32Zero, 8: Wasm.v128Load64Zero, 16: Wasm.v128Load },
};

const storeOpcodes: Readonly<Record<ValueType, Readonly<Record<number, number>>>> = {
  i32: { 1: Wasm.i32Store8, 2: Wasm.i32Store16, 4: Wasm.i32Store },
  i64: { 8: Wasm.i64Store },
  f32: { 4: Wasm.f32Store },
  f64: { 8: Wasm.f64Store },
  v128: { 16: Wasm.v128Store },
};

/** What makes an i64 of the value on the stack, of a vector its lower half. */
const asWide: Readonly<Record<ValueType, (code: ByteWriter) => unknown>> = {
  i32: (code) => code.byte(pureOperations["i64.extend_i32_u"][0]),
  i64: () => undefined,
  f32: (code) => code.byte(pureOperations["i32.reinterpret_f32"][0]).byte(pureOperations["i64.extend_i32_u"][0]),
  f64: (code) => code.byte(pureOperations["i64.reinterpret_f64"][0]),
  v128: (code) => code.opcode(Wasm.i64x2ExtractLane).byte(0),
};

/** An access, whichever way it goes. */
interface Access {
  readonly address: Value;
  readonly size: number;
  readonly forWrite: boolean;
  readonly site: number;
  /** Type of what the access leaves on the stack. */
  readonly result: number;
  /**
   * Puts further arguments of the runtime's function on the stack, behind address and size, and calls it.
   *
   * @param range the memory range that the access was not in
   */
  ask(range: number): void;
  /** Loads or stores at the place on the stack plus `offset`. */
  act(offset: number): void;
}

/** Locals with the place of a span in linear memory, for reads and for writes; 0 when it is not in a memory range. */
interface Places {
  /** The address of its first access, which chooses the ranges. */
  readonly address: Value;
  readonly reads: number;
  readonly writes: number;
}

/**
 * Writes loads and stores. Each has a way for what is in a memory range and one for what is not, both with their own load
 * or store: V8 knows only of the former's place that its upper half is zero.
 */
export class MemoryEmitter {
  private spans: SpanAccesses = NO_SPANS;
  private readonly places = new Map<Span, Places>();

  /** @param inline look memory up in place, instead of calling the runtime at once */
  constructor(
    private readonly e: FunctionEmitter,
    private readonly inline: boolean,
  ) {}

  /** Starts a block, whose accesses are in these spans. */
  beginBlock(spans: SpanAccesses): void {
    this.spans = spans;
    this.places.clear();
  }

  load(statement: Load): void {
    const { e } = this;
    const { value, site } = statement;
    const { size, forWrite } = value;
    this.access(statement, {
      address: value.operands[0],
      size,
      forWrite,
      site,
      result: WasmType[value.type],
      ask: (range) => {
        e.i32(forWrite ? 1 : 0);
        e.get(Local.cpu);
        this.callRuntime("readAddress", "readRange", range);
      },
      act: (offset) => e.memory(loadOpcodes[value.type][size], offset),
    });
    e.keep(value);
  }

  store(statement: Store): void {
    const { e } = this;
    const { address, value, size, site } = statement;
    const direct = value.kind === "const" || value.local >= 0 || value.kind === "register";
    const scratch = direct ? -1 : this.scratch(value.type);
    const pushValue = (): void => (direct ? e.value(value) : e.get(scratch));
    if (!direct) {
      e.value(value);
      e.set(scratch);
    }
    // The slow path is given 64 bits; of more it finds the upper half in its place.
    const pushWide = (): void => {
      pushValue();
      asWide[value.type](e.code);
    };
    const storeUpper = (): void => {
      if (value.type === "v128") {
        e.get(Local.cpu);
        pushValue();
        e.code.opcode(Wasm.i64x2ExtractLane).byte(1);
        e.memory(Wasm.i64Store, StateOffset.slowValue + 8);
      }
    };
    this.access(statement, {
      address,
      size,
      forWrite: true,
      site,
      result: WasmType.empty,
      ask: (range) => {
        storeUpper();
        e.get(Local.cpu);
        pushWide();
        this.callRuntime("writeAddress", "writeRange", range);
      },
      act: (offset) => {
        pushValue();
        e.memory(storeOpcodes[value.type][size], offset);
      },
    });
  }

  /** A local for a value that is about to be stored. */
  private scratch(type: ValueType): number {
    const fixed: Readonly<Partial<Record<ValueType, number>>> = {
      i32: Local.value32,
      i64: Local.value64,
      v128: VALUE_128,
    };
    return fixed[type] ?? this.e.temporary(type);
  }

  private access(statement: Statement, access: Access): void {
    const place = this.spans.get(statement);
    if (!this.inline) {
      this.atAddress(access, 0, () => this.e.value(access.address));
    } else if (place) {
      this.inSpan(place, access);
    } else {
      this.inRange(access);
    }
  }

  /** Wherever the address is that `pushAddress` leaves on the stack: asks the runtime. */
  private atAddress({ size, site, ask, act }: Access, range: number, pushAddress: () => void): void {
    const { e } = this;
    pushAddress();
    e.i32(size);
    ask(range);
    e.tee(Local.entry);
    e.code.byte(Wasm.i32Eqz);
    e.stopIf(site);
    e.get(Local.entry);
    act(0);
  }

  /** By a look at the memory range of its own. */
  private inRange(access: Access): void {
    const { e } = this;
    const range = rangeOf(access.address, access.forWrite);
    e.value(access.address);
    this.compareWithRange(range, LARGEST_ACCESS);
    e.openUnlikely(access.result);
    // V8 would have the address itself wait for here.
    this.atAddress(access, range, () => {
      e.get(Local.address);
      this.loadRange(Wasm.i64Load, range, RangeEntry.first);
      e.code.byte(Wasm.i64Add);
    });
    e.code.byte(Wasm.else);
    this.loadRange(Wasm.i32Load, range, RangeEntry.addend);
    e.value(access.address);
    e.code.byte(Wasm.i32WrapI64).byte(Wasm.i32Add);
    access.act(0);
    e.close();
  }

  /** By what the first access of its span has found. */
  private inSpan(place: SpanAccess, access: Access): void {
    const { e } = this;
    const { span, offset, index } = place;
    const places = this.places.get(span) ?? this.findSpan(span, access.address);
    const local = access.forWrite ? places.writes : places.reads;
    e.get(local);
    e.code.byte(Wasm.i32Eqz);
    e.openUnlikely(access.result);
    const range = rangeOf(places.address, access.forWrite);
    this.atAddress(access, range, () => e.value(access.address));
    e.code.byte(Wasm.else);
    e.get(local);
    if (index === null) {
      access.act(offset);
    } else if (access.address.local < 0) {
      e.value(index);
      e.code.byte(Wasm.i32WrapI64).byte(Wasm.i32Add);
      access.act(offset);
    } else {
      // Only the whole address is still known: its distance from the span's start.
      e.value(access.address);
      e.code.byte(Wasm.i32WrapI64).byte(Wasm.i32Add);
      e.i32(Number(BigInt.asIntN(32, span.start)));
      e.code.byte(Wasm.i32Sub);
      access.act(0);
    }
    e.close();
  }

  /**
   * Looks for a span in the range for writes, which can be read too, or, if all or some of it is read only, in that for
   * reads.
   *
   * @param address of its first access
   */
  private findSpan(span: Span, address: Value): Places {
    const { e } = this;
    const reads = span.reads ? e.temporary("i32") : -1;
    const writes = span.writes ? e.temporary("i32") : -1;
    if (!span.writes) {
      this.findIn(span, address, false, [reads], () => this.clear(reads));
    } else {
      this.findIn(span, address, true, span.reads ? [writes, reads] : [writes], () => {
        this.clear(writes);
        if (span.reads) {
          this.findIn(span, address, false, [reads], () => this.clear(reads));
        }
      });
    }
    const places = { address, reads, writes };
    this.places.set(span, places);
    return places;
  }

  /** Sets locals to the place of a span in the range for reads or for writes, or does something else when it is not there. */
  private findIn(
    span: Span,
    address: Value,
    forWrite: boolean,
    locals: readonly number[],
    otherwise: () => void,
  ): void {
    const { e } = this;
    const range = rangeOf(address, forWrite);
    if (span.fixed) {
      e.i64(span.start);
    } else {
      e.value(address);
      if (span.start !== 0n) {
        e.i64(span.start);
        e.code.byte(Wasm.i64Add);
      }
    }
    this.compareWithRange(range, span.size);
    e.openUnlikely();
    otherwise();
    e.code.byte(Wasm.else);
    this.placeInRange(range);
    locals.slice(1).forEach((local) => e.tee(local));
    e.set(locals[0]);
    e.close();
  }

  private clear(local: number): void {
    this.e.i32(0);
    this.e.set(local);
  }

  /** Tells whether `size` bytes at the address on the stack are not in a range; leaves their distance in `Local.address`. */
  private compareWithRange(range: number, size: number): void {
    const { e } = this;
    this.loadRange(Wasm.i64Load, range, RangeEntry.first);
    e.code.byte(Wasm.i64Sub);
    e.tee(Local.address);
    this.loadRange(Wasm.i64Load, range, RangeEntry.last);
    if (size > LARGEST_ACCESS) {
      e.i64(BigInt(size - LARGEST_ACCESS));
      e.code.byte(Wasm.i64Sub);
    }
    e.code.byte(Wasm.i64GtU);
  }

  /** The place in linear memory of what is `Local.address` bytes from the start of a range. */
  private placeInRange(range: number): void {
    const { e } = this;
    this.loadRange(Wasm.i32Load, range, RangeEntry.place);
    e.get(Local.address);
    e.code.byte(Wasm.i32WrapI64).byte(Wasm.i32Add);
  }

  private loadRange(opcode: number, range: number, field: number): void {
    this.e.get(Local.cpu);
    this.e.memory(opcode, StateOffset.ranges + range * RANGE_ENTRY_SIZE + field);
  }

  /** The last argument of functions that count accesses outside a range is its number. */
  private callRuntime(
    plain: "readAddress" | "writeAddress",
    counting: "readRange" | "writeRange",
    range: number,
  ): void {
    if (this.inline) {
      this.e.i32(range);
    }
    this.e.call(this.inline ? counting : plain);
  }
}
