import { readFileSync } from 'node:fs';

type Place = { readonly bench: string; readonly table: string; readonly row: string; readonly column: string };
type Cells = ReadonlyMap<string, string>;

/** The figures of bench/RESULTS.md. */
export type Results = {
  /** The first number of a cell. Tables and rows are named by how they begin. Throws for a cell that is not there. */
  cell(at: Place): number;
};

/** Reads the newest run of each bench. */
export function readResults(text: string): Results {
  const runs = new Map<string, string>();
  for (const section of text.split(/^## /m).slice(1)) runs.set(section.slice(0, section.indexOf(',')), section);
  return {
    cell({ bench, table, row, column }) {
      const rows = rowsOf(runs.get(bench), table);
      const cells = rows.find((own) => own.get('')?.startsWith(row));
      const value = Number.parseFloat((cells?.get(column) ?? '').replaceAll(',', ''));
      if (Number.isNaN(value)) throw new Error(`bench/RESULTS.md has no ${column} of "${row}" in ${bench}, ${table}`);
      return value;
    },
  };
}

/** The figures that are recorded. */
export const recordedResults = (): Results =>
  readResults(readFileSync(new URL('../../bench/RESULTS.md', import.meta.url), 'utf8'));

function rowsOf(section: string | undefined, table: string): Cells[] {
  const [, after = ''] = section?.split(`**${table}`) ?? [];
  const lines = after.slice(after.indexOf('\n')).trimStart().split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  const cellsOf = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const [head = [], , ...rows] = lines.slice(0, end === -1 ? lines.length : end).map(cellsOf);
  return rows.map((cells) => new Map(head.map((name, index) => [name, cells[index] ?? ''])));
}
