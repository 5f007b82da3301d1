/**
 * The guest programs: `source` compiled for `bits`, with what it needs of `runtime` besides what all do, is
 * prebuilt/<name>.elf. `cpus`, `append` and `modules` say how it is run. `exit` is what a command that runs it returns:
 * leaving with code n through the debug exit device gives 2n + 1, so 1 where nothing else is said. A processor that shuts
 * down resets QEMU's machine, which is then over with 0.
 */
export const guests = [
  { name: "hello", source: "hello.c", bits: 32, append: "one two=2", modules: ["module text", "another module"] },
  { name: "fw-cfg", source: "fw-cfg.c", bits: 32, cpus: 2 },
  { name: "fw-cfg-append", source: "fw-cfg.c", bits: 32, append: " one  two=2 " },
  { name: "as-on-qemu", source: "as-on-qemu.c", bits: 32 },
  { name: "exit", source: "exit.c", bits: 32, append: "21", exit: 43 },
  { name: "long-mode", source: "long-mode.c", bits: 64 },
  { name: "exceptions-32", source: "exceptions.c", bits: 32 },
  { name: "exceptions-64", source: "exceptions.c", bits: 64 },
  { name: "paging-32", source: "paging-32.c", bits: 32 },
  { name: "page-fault", source: "page-fault.c", bits: 64 },
  { name: "debug", source: "debug.c", bits: 64 },
  { name: "details", source: "details.c", bits: 64 },
  { name: "device-memory", source: "device-memory.c", bits: 64 },
  { name: "user-32", source: "user.c", bits: 32 },
  { name: "user-64", source: "user.c", bits: 64 },
  { name: "timer-pic", source: "timer-pic.c", bits: 32 },
  { name: "timer-apic", source: "timer-apic.c", bits: 64 },
  { name: "smp", source: "smp.c", bits: 64, cpus: 4, runtime: ["processors.c"] },
  { name: "spin-lock", source: "spin-lock.c", bits: 64, cpus: 4, runtime: ["processors.c"] },
  { name: "hostile", source: "hostile.c", bits: 64 },
  { name: "power-off", source: "power-off.c", bits: 32, exit: 0 },
  { name: "triple-fault", source: "triple-fault.c", bits: 32, exit: 0, shutdown: true },
];
