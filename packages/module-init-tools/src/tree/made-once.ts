/**
 * Remembers what is made of a list, for the next who asks with the same one. A list that has grown since is another one.
 *
 * @param make must not depend on anything else
 */
export function madeOnce<T, R>(make: (list: readonly T[]) => R): (list: readonly T[]) => R {
  const made = new WeakMap<readonly T[], { readonly length: number; readonly result: R }>();
  return (list) => {
    const known = made.get(list);
    if (known?.length === list.length) return known.result;
    const result = make(list);
    made.set(list, { length: list.length, result });
    return result;
  };
}
