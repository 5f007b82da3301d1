import type { gva_t } from "lcd-arch-x86";
import type { HostKernel } from "../host/host-kernel";
import type { ModuleSymbol } from "../module";
import type { CodeLocation } from "./fault-report";

/** Finds the module and the symbol that an address is in; `null` when no module is there. */
export function locate(host: HostKernel, address: gva_t): CodeLocation | null {
  const module = host.modules.at(address);
  if (module === undefined) return null;
  const { name, base, symbols } = module.loaded;
  const symbol = symbolAt(symbols, address);
  if (symbol === null) return { module: name, symbol: null, offset: Number(address - base), size: 0 };
  return { module: name, symbol: symbol.name, offset: Number(address - symbol.address), size: symbol.size };
}

/** The symbol nearest before an address: of several at one place a function before others, a global before a local. */
function symbolAt(symbols: readonly ModuleSymbol[], address: gva_t): ModuleSymbol | null {
  let low = 0;
  let high = symbols.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (symbols[middle].address <= address) low = middle + 1;
    else high = middle;
  }
  let best: ModuleSymbol | null = null;
  for (let i = low - 1; i >= 0 && symbols[i].address === symbols[low - 1].address; i--) {
    if (best === null || rank(symbols[i]) > rank(best)) best = symbols[i];
  }
  return best;
}

function rank(symbol: ModuleSymbol): number {
  return (symbol.kind === "function" ? 2 : 0) + (symbol.binding === "local" ? 0 : 1);
}
