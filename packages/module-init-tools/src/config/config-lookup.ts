import { madeOnce } from "../tree/made-once";
import type { ModprobeConfig } from "./modprobe-config";

/** Whether the configuration blacklists a module. */
export function isBlacklisted({ blacklist }: ModprobeConfig, module: string): boolean {
  return setOf(blacklist).has(module);
}

/** The options for a module, by any of its names, in the order of the configuration. */
export function optionsFor({ options }: ModprobeConfig, names: readonly string[]): string[] {
  const places = new Set(names.flatMap((name) => placesOf(options).get(name) ?? []));
  return [...places].sort((a, b) => a - b).flatMap((place) => options[place]?.options ?? []);
}

const setOf = madeOnce((names: readonly string[]) => new Set(names));

const placesOf = madeOnce((options: ModprobeConfig["options"]) => {
  const places = new Map<string, number[]>();
  for (const [place, { module }] of options.entries()) {
    const known = places.get(module);
    if (known === undefined) places.set(module, [place]);
    else known.push(place);
  }
  return places;
});
