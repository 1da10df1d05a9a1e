/** For batch loaders: one result per id, in the order of the ids. */
export function inOrderOf<T>(ids: readonly string[], found: readonly T[], idOf: (row: T) => string): (T | undefined)[] {
  const byId = new Map(found.map((row) => [idOf(row), row]));
  return ids.map((id) => byId.get(id));
}
