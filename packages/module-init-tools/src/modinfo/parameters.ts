/** A parameter that a module takes. */
export interface ModuleParameter {
  readonly name: string;
  /** In a person's words; null when the module has none. */
  readonly description: string | null;
  /** `int`, `bool`, `array of charp`, ...; null when the module does not say. */
  readonly type: string | null;
}

/** `.modinfo` keys of parameters: `parm=name:description`, `parmtype=name:type`. */
const FIELDS = { parm: "description", parmtype: "type" } as const;

/** Whether an entry of `.modinfo` is about a parameter. */
export function isParameterKey(key: string): key is keyof typeof FIELDS {
  return Object.hasOwn(FIELDS, key);
}

/**
 * Puts together what entries of `.modinfo` say about parameters, those mentioned last first, as modinfo lists them.
 * `malformed` are the entries without a colon.
 */
export function parametersOf(entries: readonly (readonly [key: string, value: string])[]): {
  parameters: ModuleParameter[];
  malformed: string[];
} {
  const byName = new Map<string, { name: string; description: string | null; type: string | null }>();
  const malformed: string[] = [];
  for (const [key, value] of entries) {
    if (!isParameterKey(key)) continue;
    const colon = value.indexOf(":");
    if (colon < 0) {
      malformed.push(`${key}=${value}`);
      continue;
    }
    const name = value.slice(0, colon);
    const parameter = byName.get(name) ?? { name, description: null, type: null };
    parameter[FIELDS[key]] = value.slice(colon + 1);
    byName.set(name, parameter);
  }
  return { parameters: [...byName.values()].reverse(), malformed };
}
