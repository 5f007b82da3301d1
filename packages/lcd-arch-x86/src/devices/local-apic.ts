import { ApicBase, isApicEnabled, isLegalTransition, isX2apic, registerPage, resetApicBase } from "./apic-base";
import type { ApicBus } from "./apic-bus";
import { isLogicalDestination } from "./apic-destination";
import { ALL_APICS, type ApicMessage, DeliveryMode, FIRST_LEGAL_VECTOR, wideDestination } from "./apic-message";
import { ApicTimer } from "./apic-timer";
import type { InterruptLine } from "./bus";
import type { Clock } from "./clock";
import { decodeCommand, type InterruptCommand, isIllegal, isInitDeassert, selfIpi } from "./interrupt-command";
import { InterruptPriorities } from "./interrupt-priorities";
import { APIC_REGISTERS, APIC_VERSION, ApicError, ApicRegister, Lvt, SpuriousVector } from "./local-apic-registers";
import { LocalVectorTable } from "./local-vector-table";

/** What a local APIC tells its processor. */
export interface ApicProcessor {
  /** There may be something to deliver: `pendingVector` or `extIntPending` says so. */
  interrupt(): void;
  nmi(): void;
  /** INIT has arrived. When the processor acts on it, it calls `LocalApic.init`. */
  init(): void;
  /** A start-up IPI: run from `vector` * 4096 in real mode, if waiting for it. */
  startup(vector: number): void;
}

/** What a local APIC is made with. */
export interface LocalApicOptions {
  /** The APIC's ID, 0 to 254. */
  id: number;
  /** Whether it is the bootstrap processor's. */
  bsp: boolean;
  processor: ApicProcessor;
  bus: ApicBus;
  clock: Clock;
  /** The processor's time-stamp counter. */
  tsc: () => bigint;
}

/** The local APIC of a processor, as xAPIC and x2APIC (SDM 3A, "Advanced Programmable Interrupt Controller (APIC)"). */
export class LocalApic {
  /** The pins LINT0 (in a PC: the 8259's INTR) and LINT1 (NMI). Their wires say whether they are active. */
  readonly lint0: InterruptLine;
  readonly lint1: InterruptLine;

  private readonly id: number;
  private readonly processor: ApicProcessor;
  private readonly bus: ApicBus;
  private readonly timer: ApicTimer;
  private readonly registers = new Uint32Array(APIC_REGISTERS);
  private readonly interrupts = new InterruptPriorities(this.registers);
  private readonly lvt: LocalVectorTable;
  private base: bigint;
  /** Errors since the error status register was written last. */
  private errors = 0;
  /** An ExtINT message that has not been acknowledged. */
  private extIntMessage = false;
  /** The vector that may be delivered now, or -1. */
  private deliverable = -1;

  constructor({ id, bsp, processor, bus, clock, tsc }: LocalApicOptions) {
    this.id = id;
    this.processor = processor;
    this.bus = bus;
    this.base = resetApicBase(bsp);
    this.lvt = new LocalVectorTable({
      registers: this.registers,
      isEnabled: () => isApicEnabled(this.base),
      isSoftwareEnabled: () => this.isSoftwareEnabled(),
      receive: (message) => this.receive(message),
      interrupt: () => processor.interrupt(),
      nmi: () => processor.nmi(),
    });
    this.lint0 = this.lvt.line(0);
    this.lint1 = this.lvt.line(1);
    this.timer = new ApicTimer(clock, tsc, () => this.lvt.deliver(ApicRegister.lvtTimer));
    this.init();
    bus.addLocalApic(this);
  }

  /** Brings the state after power-up, and after INIT; IA32_APIC_BASE stays. */
  init(): void {
    this.registers.fill(0);
    this.registers[ApicRegister.version] = APIC_VERSION;
    this.registers[ApicRegister.destinationFormat] = 0xffffffff;
    this.registers[ApicRegister.spuriousVector] = SpuriousVector.vector;
    this.lvt.maskAll();
    this.identify();
    this.timer.reset();
    this.errors = 0;
    this.extIntMessage = false;
    this.update();
  }

  /** The vector to be delivered when the processor accepts interrupts, or -1. */
  pendingVector(): number {
    return this.deliverable;
  }

  /** Puts the pending vector in service and gives it: the spurious vector when there is none. */
  acknowledge(): number {
    const vector = this.deliverable;
    if (vector < 0) return this.registers[ApicRegister.spuriousVector] & SpuriousVector.vector;
    this.interrupts.serve(vector);
    this.update();
    return vector;
  }

  /** Whether the 8259 has an interrupt that comes through here: its vector is the 8259's to give. */
  extIntPending(): boolean {
    return this.extIntMessage || this.lvt.extIntActive();
  }

  /** The processor has taken the vector of an ExtINT from the 8259. */
  extIntAcknowledged(): void {
    this.extIntMessage = false;
  }

  /** CR8: bits 7 to 4 of the task priority. */
  readCr8(): number {
    return this.registers[ApicRegister.taskPriority] >> 4;
  }

  /** @param priority 0 to 15 */
  writeCr8(priority: number): void {
    this.writeRegister(ApicRegister.taskPriority, (priority & 0xf) << 4);
  }

  /** Physical address of the register page, or -1 when the registers are not in memory. */
  mmioAddress(): number {
    return registerPage(this.base);
  }

  /** IA32_APIC_BASE, MSR 0x1b. */
  readBase(): bigint {
    return this.base;
  }

  /**
   * Writes IA32_APIC_BASE. The BSP flag is read-only. An APIC that is disabled or enabled starts as after power-up.
   *
   * @returns false for a reserved bit or an illegal transition, which is a #GP: nothing has changed
   */
  writeBase(value: bigint): boolean {
    if (!isLegalTransition(this.base, value)) return false;
    const wasEnabled = isApicEnabled(this.base);
    this.base = (value & ~ApicBase.bsp) | (this.base & ApicBase.bsp);
    if (wasEnabled !== isApicEnabled(this.base)) this.init();
    else this.identify();
    return true;
  }

  /** IA32_TSC_DEADLINE, MSR 0x6e0. */
  readTscDeadline(): bigint {
    return this.timer.getDeadline();
  }

  writeTscDeadline(value: bigint): void {
    this.timer.setDeadline(value);
  }

  /** To be called when software has written the time-stamp counter. */
  tscChanged(): void {
    this.timer.tscChanged();
  }

  isX2apic(): boolean {
    return isX2apic(this.base);
  }

  /** Reads one of ApicRegister, as 32 bits. Whether it can be read depends on the mode: see registerAccess. */
  readRegister(register: number): number {
    switch (register) {
      case ApicRegister.processorPriority:
        return this.priority();
      case ApicRegister.initialCount:
        return this.timer.getInitialCount();
      case ApicRegister.currentCount:
        return this.timer.currentCount();
      default:
        return this.registers[register];
    }
  }

  /** Writes one of ApicRegister that can be written, and does what follows from it. */
  writeRegister(register: number, value: number): void {
    switch (register) {
      case ApicRegister.taskPriority:
        this.registers[register] = value;
        this.update();
        break;
      case ApicRegister.endOfInterrupt:
        this.endOfInterrupt();
        break;
      case ApicRegister.destinationFormat:
        this.registers[register] = value | 0x0fffffff;
        break;
      case ApicRegister.spuriousVector:
        this.registers[register] = value;
        if (!this.isSoftwareEnabled()) this.lvt.maskAll();
        break;
      case ApicRegister.errorStatus:
        this.registers[register] = this.errors;
        this.errors = 0;
        break;
      case ApicRegister.commandLow:
        this.command(value);
        break;
      case ApicRegister.lvtTimer:
        this.timer.setMode((value >> Lvt.timerModeShift) & 3);
        this.lvt.write(register, value);
        break;
      case ApicRegister.lvtThermal:
      case ApicRegister.lvtPerformance:
      case ApicRegister.lvtLint0:
      case ApicRegister.lvtLint1:
      case ApicRegister.lvtError:
        this.lvt.write(register, value);
        break;
      case ApicRegister.initialCount:
        this.timer.setInitialCount(value);
        break;
      case ApicRegister.divideConfiguration:
        this.registers[register] = value;
        this.timer.setDivider(value);
        break;
      case ApicRegister.selfIpi:
        this.send(selfIpi(value), 0);
        break;
      default:
        this.registers[register] = value;
    }
  }

  /** Reports an error; the next one interrupts only after the error status register was written. */
  reportError(bit: number): void {
    const armed = this.errors === 0;
    this.errors |= bit;
    if (armed) this.lvt.deliver(ApicRegister.lvtError);
  }

  /** Whether messages other than INIT, NMI, start-up and ExtINT are taken. */
  isSoftwareEnabled(): boolean {
    const enabled = this.registers[ApicRegister.spuriousVector] & SpuriousVector.apicEnabled;
    return isApicEnabled(this.base) && enabled !== 0;
  }

  /** The processor priority, 0 to 255. */
  priority(): number {
    return this.interrupts.priority();
  }

  /** Whether a message's destination is (also) this APIC (SDM 3A, "Determining IPI Destination"). */
  isNamedBy(destination: number, logical: boolean): boolean {
    if (!logical) return destination === ALL_APICS || destination === this.id;
    const { logicalDestination, destinationFormat } = ApicRegister;
    const model = isX2apic(this.base) ? undefined : this.registers[destinationFormat];
    return isLogicalDestination(destination, this.registers[logicalDestination], model);
  }

  /** Takes a message that is for this APIC. @returns whether it was accepted */
  receive({ mode, vector, level }: ApicMessage): boolean {
    if (!isApicEnabled(this.base)) return false;
    switch (mode) {
      case DeliveryMode.fixed:
      case DeliveryMode.lowestPriority:
        return this.accept(vector, level);
      case DeliveryMode.nmi:
        this.processor.nmi();
        return true;
      case DeliveryMode.init:
        this.processor.init();
        return true;
      case DeliveryMode.startup:
        this.processor.startup(vector);
        return true;
      case DeliveryMode.extInt:
        this.extIntMessage = true;
        this.processor.interrupt();
        return true;
      default:
        return false;
    }
  }

  private accept(vector: number, level: boolean): boolean {
    if (!this.isSoftwareEnabled()) return false;
    if (vector < FIRST_LEGAL_VECTOR) {
      this.reportError(ApicError.receiveIllegalVector);
      return false;
    }
    this.interrupts.request(vector, level);
    this.update();
    return true;
  }

  /** Sees anew what can be delivered. */
  private update(): void {
    this.deliverable = isApicEnabled(this.base) ? this.interrupts.deliverable() : -1;
    if (this.deliverable >= 0 || this.extIntPending()) this.processor.interrupt();
  }

  /** Puts the ID where the mode has it; an x2APIC derives its logical ID (SDM 3A, "Logical Destination Mode in x2APIC Mode"). */
  private identify(): void {
    const { registers, id } = this;
    const extended = isX2apic(this.base);
    registers[ApicRegister.id] = extended ? id : id << 24;
    if (extended) registers[ApicRegister.logicalDestination] = ((id >> 4) << 16) | (1 << (id & 0xf));
  }

  private endOfInterrupt(): void {
    const vector = this.interrupts.end();
    if (vector >= 0 && this.interrupts.isLevelTriggered(vector)) {
      this.lvt.endOfInterrupt(vector);
      this.bus.endOfInterrupt(vector);
    }
    this.update();
  }

  private command(low: number): void {
    this.registers[ApicRegister.commandLow] = low & ~Lvt.deliveryStatus;
    if (isInitDeassert(low)) return;
    const high = this.registers[ApicRegister.commandHigh];
    this.send(decodeCommand(low), isX2apic(this.base) ? high : wideDestination(high >>> 24));
  }

  private send(command: InterruptCommand, destination: number): void {
    if (isIllegal(command.message)) this.reportError(ApicError.sendIllegalVector);
    else this.bus.command(this, command, destination);
  }
}
