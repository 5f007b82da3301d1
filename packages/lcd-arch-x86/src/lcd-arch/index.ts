export {
  type EptMapOptions,
  lcd_arch_ept_gpa_to_hpa,
  lcd_arch_ept_map,
  lcd_arch_ept_map_range,
  lcd_arch_ept_unmap,
  lcd_arch_ept_unmap_range,
  lcd_arch_ept_walk,
} from "./ept";
export type { EptEntry } from "./ept-tables";
export type { LcdArchExit, LcdArchExitCause } from "./exit";
export {
  type LcdArch,
  lcd_arch_create,
  lcd_arch_destroy,
  lcd_arch_gva_root,
  lcd_arch_pc,
  lcd_arch_rflags,
  lcd_arch_set_gs_base,
  lcd_arch_set_gva_root,
  lcd_arch_set_pc,
  lcd_arch_set_sp,
  lcd_arch_sp,
} from "./lcd-arch";
export type { PageSource } from "./page-source";
export { type LcdArchRunOptions, lcd_arch_run } from "./run";
export { type LcdArchSystem, lcd_arch_exit, lcd_arch_init } from "./system";
