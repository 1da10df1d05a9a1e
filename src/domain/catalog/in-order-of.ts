/** What a batch loader owes its callers: one answer for each id, in the order they were asked for. */
export function inOrderOf<T>(ids: readonly string[], found: readonly T[], idOf: (row: T) => string): (T | undefined)[] {
  const byId = new Map(found.map((row) => [idOf(row), row]));
  return ids.map((id) => byId.get(id));
}
