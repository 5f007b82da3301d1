/** lcd-domains: the capability microkernel (seeds 000 and 004; docs/microkernel.md). */
export { type ErrnoName, KernelError } from "lcd-arch-x86";
export { DomainBuffer } from "./call/buffers";
export { DomainCallError } from "./call/call-error";
export { type CallArgument, type DomainFunction, DomainModule } from "./call/domain-module";
export { __cptr, CPTR_NULL, type cptr_t, cptr_val } from "./capability/cptr";
export { Cspace } from "./capability/cspace";
export type { Capability, LcdCapability, MemoryRights, PageCapability, PageObject } from "./capability/object";
export type { DeleteModuleFlags } from "./host/delete-module";
export type { DeviceDriver, DeviceFile } from "./host/devices";
export type { YieldToEventLoop } from "./host/event-loop";
export { type Accounting, type BootOptions, boot, HostKernel } from "./host/host-kernel";
export type { Kthread } from "./host/kthread";
export { LockHolder, LockRank, Mutex } from "./host/lock";
export { type HostModule, moduleName } from "./host/module-table";
export { formatRecord, type LogConsole, LogLevel, type LogLevelName, type LogRecord } from "./host/printk";
export { LCD_MODPROBE, request_lcd_module } from "./host/request-module";
export { DEFAULT_TIME_SLICE, RESCHEDULE_VECTOR } from "./host/scheduler";
export type { HelperContext, UsermodeHelper } from "./host/usermode-helper";
export type { ConsoleOutput } from "./lcd/console";
export type { GuestWalk, WalkStep } from "./lcd/guest-walk";
export type { Lcd } from "./lcd/lcd";
export {
  type LcdConfig,
  type LcdOptions,
  lcd_config,
  lcd_create,
  lcd_destroy,
  lcd_run,
  lcd_suspend,
} from "./lcd/lifecycle";
export type { LcdOperation, LcdStatus } from "./lcd/status";
export type {
  ExportedSymbol,
  LoadedModule,
  LoadRequest,
  ModuleParameter,
  ModulePart,
  ModuleSymbol,
} from "./module";
export { Syscall } from "./syscall/numbers";
export type { CodeLocation, FaultCause, FaultReport, MemoryOperation } from "./thread/fault-report";
export { type Disassembler, describeCause, formatFault, formatLocation } from "./thread/format-fault";
export type { LcdThread, ThreadState } from "./thread/lcd-thread";
export { lcd_thread_kill, lcd_thread_start, lcd_thread_wait, type ThreadStartOptions } from "./thread/lifecycle";
export { locate } from "./thread/locate";
export { errorOfResult, type KillReason, type ThreadResult } from "./thread/result";
