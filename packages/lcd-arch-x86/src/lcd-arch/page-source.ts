import type { hpa_t } from "../address";

/** Where the arch layer gets host pages from. */
export interface PageSource {
  /** A page of 4 KiB, all zero. @throws KernelError ENOMEM */
  allocPage(): hpa_t;
  freePage(hpa: hpa_t): void;
}
