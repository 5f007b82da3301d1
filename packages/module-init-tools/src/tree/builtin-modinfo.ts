/** The NUL-terminated entries `<module>.<key>=<value>` of `modules.builtin.modinfo`. */
export function* builtinEntries(text: string): Iterable<[module: string, key: string, value: string]> {
  for (const entry of text.split("\0")) {
    const [, module, key, value = ""] = /^([^.]+)\.([^=]*)(?:=(.*))?$/s.exec(entry) ?? [];
    if (module !== undefined && key !== undefined) yield [module, key, value];
  }
}
