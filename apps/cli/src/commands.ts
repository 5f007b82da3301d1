import type { Terminal } from "./terminal";

/** Runs a command with the words behind its name; gives its exit code. */
export type CommandFunction = (args: readonly string[], terminal: Terminal) => Promise<number>;

/** A command of `lcd`. Its code is loaded when it is used. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandFunction>;
}

/** Every command, in the order in which help shows them. */
export const commands: readonly CommandEntry[] = [
  {
    name: "run",
    summary: "run a kernel module in a domain of its own",
    load: async () => (await import("./run/command")).run,
  },
  {
    name: "call",
    summary: "call a function of a module, and see what it returns",
    load: async () => (await import("./call/command")).call,
  },
  {
    name: "cc",
    summary: "compile C source into a module",
    load: async () => (await import("./cc/command")).cc,
  },
  {
    name: "disasm",
    summary: "show a module's machine code, and what LCD makes of it",
    load: async () => (await import("./disasm/command")).disasm,
  },
  {
    name: "machine",
    summary: "run a bare-metal program on an emulated computer",
    load: async () => (await import("./machine/command")).machine,
  },
  {
    name: "host",
    summary: "run several commands in one emulated host: the module tools, the life of domains",
    load: async () => (await import("./host/command")).host,
  },
  {
    name: "modprobe",
    summary: "load a module and what it needs into an emulated host",
    load: async () => (await import("./tools/command")).modprobe,
  },
  {
    name: "insmod",
    summary: "load one module file into an emulated host",
    load: async () => (await import("./tools/command")).insmod,
  },
  {
    name: "rmmod",
    summary: "take modules out of an emulated host",
    load: async () => (await import("./tools/command")).rmmod,
  },
  {
    name: "lsmod",
    summary: "list the modules that are loaded in an emulated host",
    load: async () => (await import("./tools/command")).lsmod,
  },
  {
    name: "modinfo",
    summary: "show what a module says of itself: parameters, dependencies, signature",
    load: async () => (await import("./tools/command")).modinfo,
  },
  {
    name: "depmod",
    summary: "write modules.dep for a directory tree of modules",
    load: async () => (await import("./tools/command")).depmod,
  },
  {
    name: "modules",
    summary: "ask a tree of modules: what loads for a modalias, who needs whom, what changed",
    load: async () => (await import("./modules/command")).modules,
  },
  {
    name: "bench",
    summary: "measure this LCD on this machine",
    load: async () => (await import("./bench/command")).bench,
  },
];
