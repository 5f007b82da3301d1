/** Where things lie in the memory of a guest, linear addresses being physical ones unless its page tables are damaged. */
export const Place = {
  vectors: 0,
  gdt: 0x1000,
  ldt: 0x1800,
  idt: 0x2000,
  tss: 0x3000,
  /** PML4, PDPT and page directory of 4-level paging, and the page table that it shares with PAE paging. */
  pml4: 0x4000,
  pdpt: 0x5000,
  directory: 0x6000,
  table: 0x7000,
  /** PDPT of PAE paging, page directory and page table of 32-bit paging. */
  paePdpt: 0x8000,
  directory32: 0xa000,
  table32: 0xb000,
  tablesEnd: 0xc000,
  code: 0xc000,
  codeSize: 0x1000,
  handlers: 0xd000,
  handlerSize: 16,
  data: 0xe000,
  dataSize: 0x1000,
  stackTop: 0xfff0,
  /** Regions of a hypervisor, and its EPT: tables of three levels, one behind the other. */
  vmxon: 0x1_0000,
  vmcs: 0x1_1000,
  ept: 0x1_2000,
  eptEnd: 0x1_5000,
  ramSize: 0x10_0000,
  /** Where page tables map the registers of the local APIC and of the I/O APIC. */
  localApic: 0x1f_0000,
  ioApic: 0x1f_1000,
} as const;

export const PAGE = 4096;

/** Selectors of the descriptor table, each with the privilege level that its segment has. */
export const Selector = {
  code32: 0x08,
  data: 0x10,
  code64: 0x18,
  code16: 0x20,
  data16: 0x28,
  userCode32: 0x33,
  userData: 0x3b,
  userCode64: 0x43,
  tss: 0x48,
  ldt: 0x58,
  callGate: 0x68,
  /** From here on descriptors are random. */
  random: 0x78,
} as const;

/** Where a local APIC's registers are after reset. */
export const LOCAL_APIC_ADDRESS = 0xfee0_0000;
