import { __gpa, __gva, type gpa_t, type gva_t, type hpa_t } from "../address";
import { Gpr } from "../cpu/state";
import { KernelError } from "../errno";
import { InveptType, VmcsField } from "../vmx";
import { EptTables } from "./ept-tables";
import { checkVmx, type LcdArchSystem, type VmxProcessor } from "./system";
import { domainFields } from "./vmcs-setup";

/**
 * A domain as the hardware sees it: a VMCS, an EPT and the registers that no VMCS holds.
 *
 * @see seed 001, OVERVIEW
 */
export class LcdArch {
  /** Guest general-purpose registers in encoding order; current between runs. */
  readonly regs = new BigUint64Array(16);
  /** For the functions of the arch layer. */
  readonly internals: DomainInternals;

  constructor(internals: DomainInternals) {
    this.internals = internals;
  }
}

/** What belongs to a domain, for the functions of the arch layer. */
export interface DomainInternals {
  readonly system: LcdArchSystem;
  readonly vmcs: hpa_t;
  readonly vpid: number;
  readonly ept: EptTables;
  /** Processor that the VMCS is active on. */
  home: VmxProcessor | null;
  /** The VMCS was launched since it was last cleared. */
  launched: boolean;
  /** RSP as the VMCS has it. */
  vmcsRsp: bigint;
  /** CR2 while the VMCS is not current: no VMCS holds it. */
  cr2: bigint;
  /** Processors that may have translations of the domain cached. */
  readonly cachedOn: Set<VmxProcessor>;
  destroyed: boolean;
}

/**
 * Makes a domain: 64-bit, at CPL 0, with an empty guest-physical space and all registers 0.
 *
 * @throws KernelError ENOMEM, ENOSPC; then nothing is left of it
 */
export function lcd_arch_create(system: LcdArchSystem): LcdArch {
  const { pages } = system;
  const vpid = system.takeVpid();
  let ept: EptTables | null = null;
  let vmcs: hpa_t | null = null;
  try {
    ept = new EptTables(system.machine.memory, pages);
    vmcs = pages.allocPage();
    const lcd = new LcdArch({
      system,
      vmcs,
      vpid,
      ept,
      home: null,
      launched: false,
      vmcsRsp: 0n,
      cr2: 0n,
      cachedOn: new Set(),
      destroyed: false,
    });
    try {
      fillVmcs(lcd);
    } catch (error) {
      leaveHome(lcd);
      throw error;
    }
    system.domains.add(lcd);
    return lcd;
  } catch (error) {
    if (vmcs !== null) pages.freePage(vmcs);
    ept?.free();
    system.releaseVpid(vpid);
    throw error;
  }
}

/**
 * Takes a domain down: its VMCS, its EPT tables. The pages that were mapped belong to whoever mapped them.
 *
 * @throws KernelError EINVAL when it was destroyed before
 */
export function lcd_arch_destroy(lcd: LcdArch): void {
  const { system, vmcs, vpid, ept } = alive(lcd);
  leaveHome(lcd);
  dropTranslations(lcd);
  ept.free();
  system.pages.freePage(vmcs);
  system.releaseVpid(vpid);
  system.domains.delete(lcd);
  lcd.internals.destroyed = true;
}

/** Sets the address of the next instruction. @throws KernelError EINVAL */
export function lcd_arch_set_pc(lcd: LcdArch, pc: gva_t): void {
  vmwrite(lcd, VmcsField.guestRip, pc);
}

/** The address of the next instruction. @throws KernelError EINVAL */
export function lcd_arch_pc(lcd: LcdArch): gva_t {
  return __gva(vmread(lcd, VmcsField.guestRip));
}

/** Sets the stack pointer. */
export function lcd_arch_set_sp(lcd: LcdArch, sp: gva_t): void {
  lcd.regs[Gpr.rsp] = sp;
}

export function lcd_arch_sp(lcd: LcdArch): gva_t {
  return __gva(lcd.regs[Gpr.rsp]);
}

/** Sets the guest-physical address of the domain's page tables: its CR3. @throws KernelError EINVAL */
export function lcd_arch_set_gva_root(lcd: LcdArch, root: gpa_t): void {
  vmwrite(lcd, VmcsField.guestCr3, root);
}

/** The guest-physical address of the page tables that the domain uses; it may have changed it. @throws KernelError EINVAL */
export function lcd_arch_gva_root(lcd: LcdArch): gpa_t {
  return __gpa(vmread(lcd, VmcsField.guestCr3));
}

/** Sets where `%gs:0` is. @throws KernelError EINVAL */
export function lcd_arch_set_gs_base(lcd: LcdArch, base: gva_t): void {
  vmwrite(lcd, VmcsField.guestGsBase, base);
}

/** The domain's RFLAGS. @throws KernelError EINVAL */
export function lcd_arch_rflags(lcd: LcdArch): bigint {
  return vmread(lcd, VmcsField.guestRflags);
}

/** What belongs to a domain. @throws KernelError EINVAL when it was destroyed */
export function alive(lcd: LcdArch): DomainInternals {
  if (lcd.internals.destroyed) throw new KernelError("EINVAL", "the domain was destroyed");
  return lcd.internals;
}

/** Makes the domain's VMCS current on a processor, after it has left the one it was active on. */
export function makeCurrent(lcd: LcdArch, on: VmxProcessor): void {
  const { internals } = lcd;
  if (on.current === lcd) return;
  if (internals.home !== on) {
    leaveHome(lcd);
    internals.home = on;
  }
  checkVmx(on.processor.vmx.vmptrld(internals.vmcs), "VMPTRLD");
  saveCr2(on);
  on.processor.writeControlRegister(2, internals.cr2);
  on.current = lcd;
}

/** CR2 goes with the domain that is current: the next one is not to see it. */
function saveCr2(on: VmxProcessor): void {
  if (on.current !== null) on.current.internals.cr2 = on.processor.readControlRegister(2);
}

/** Reads a field of the domain's VMCS. @throws KernelError EINVAL, EIO */
export function vmread(lcd: LcdArch, field: VmcsField): bigint {
  const value = whereCurrent(lcd).processor.vmx.vmread(field);
  if (typeof value === "bigint") return value;
  checkVmx(value, `VMREAD 0x${field.toString(16)}`);
  throw new KernelError("EIO", `VMREAD 0x${field.toString(16)} gave no value`);
}

/** Writes a field of the domain's VMCS. @throws KernelError EINVAL, EIO */
export function vmwrite(lcd: LcdArch, field: VmcsField, value: bigint): void {
  checkVmx(whereCurrent(lcd).processor.vmx.vmwrite(field, value), `VMWRITE 0x${field.toString(16)}`);
}

/** Drops cached translations on every processor that may have some (SDM 3C, "Guidelines for Use of the INVEPT Instruction"). */
export function dropTranslations(lcd: LcdArch): void {
  const { cachedOn, ept } = lcd.internals;
  for (const { processor } of cachedOn) checkVmx(processor.vmx.invept(InveptType.single, ept.pointer), "INVEPT");
  cachedOn.clear();
}

function fillVmcs(lcd: LcdArch): void {
  const { system, vmcs, vpid, ept } = lcd.internals;
  const [on] = system.processors;
  system.machine.memory.writeU32(vmcs, system.revision);
  checkVmx(on.processor.vmx.vmclear(vmcs), "VMCLEAR");
  for (const [field, value] of domainFields(on.controls, on.processor, { eptPointer: ept.pointer, vpid })) {
    vmwrite(lcd, field, value);
  }
}

function whereCurrent(lcd: LcdArch): VmxProcessor {
  const { home, system } = alive(lcd);
  const on = home ?? system.processors[0];
  makeCurrent(lcd, on);
  return on;
}

/** VMCLEAR: the VMCS is in memory, whole, and may become active anywhere. */
function leaveHome(lcd: LcdArch): void {
  const { internals } = lcd;
  const { home } = internals;
  if (home === null) return;
  checkVmx(home.processor.vmx.vmclear(internals.vmcs), "VMCLEAR");
  if (home.current === lcd) {
    saveCr2(home);
    home.current = null;
  }
  internals.home = null;
  internals.launched = false;
}
