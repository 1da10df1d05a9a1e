import { seatFeatures } from '../seat-features-rules.ts';
import type { CsvLine, CsvPlace } from './csv-text.ts';
import { problemOfCoordinate, readLabel } from './file-values.ts';
import type { PlanProblems } from './plan-problems.ts';

export const columns = ['section', 'row', 'seat', 'x', 'y', 'level', 'features', 'category'] as const;
type Column = (typeof columns)[number];
const NEEDED: readonly Column[] = ['section', 'row', 'seat'];

/** A line of the file as a seat. Without a row it is a place of a general admission section. */
export type CsvSeat = {
  at: CsvPlace;
  section: string;
  row: string;
  label: string;
  position: { x: number; y: number } | undefined;
  level: string | undefined;
  category: string | undefined;
  flags: number;
};

type Columns = ReadonlyMap<Column, number>;

/** Which column is where. Undefined, after adding the problems, for a header that lacks a column or has others. */
export function readHeader(header: CsvLine, problems: PlanProblems): Columns | undefined {
  const found = new Map<Column, number>();
  for (const [index, field] of header.fields.entries()) {
    const name = field.trim().toLowerCase();
    const column = columns.find((known) => known === name);
    if (!column) problems.add(header.at, `unknown column "${field.trim()}"; known are ${columns.join(', ')}`);
    else if (found.has(column)) problems.add(header.at, `the column "${column}" appears twice`);
    else found.set(column, index);
  }
  for (const column of NEEDED) if (!found.has(column)) problems.add(header.at, `the column "${column}" is missing`);
  if (found.has('x') !== found.has('y')) problems.add(header.at, 'the columns "x" and "y" are only read together');
  return problems.isEmpty ? found : undefined;
}

type Context = { columns: Columns; problems: PlanProblems; hasDecimalComma: boolean };

/** Reads one line. Undefined, after adding the problems, when it is not a seat. */
export function readLine(line: CsvLine, { columns: at, problems, hasDecimalComma }: Context): CsvSeat | undefined {
  if (line.fields.length !== at.size)
    return problems.add(line.at, `${line.fields.length} fields, but the header has ${at.size}`);
  const field = (column: Column) => line.fields[at.get(column) ?? -1]?.trim() ?? '';
  const place = (column: Column) => ({ path: `${line.at.path}, column ${column}` });
  const text = (column: Column): string | undefined => {
    const read = readLabel(field(column));
    return 'label' in read ? read.label : problems.add(place(column), read.problem);
  };
  const optional = (column: Column) => (field(column) === '' ? undefined : text(column));
  const coordinate = (column: 'x' | 'y'): number | undefined => {
    const written = field(column);
    const value = numberOf(hasDecimalComma ? written.replace(',', '.') : written);
    const problem = value === undefined ? `"${written}" is not a number` : problemOfCoordinate(value);
    return problem === undefined ? value : problems.add(place(column), problem);
  };
  const [section, row, label] = [text('section'), field('row') === '' ? '' : text('row'), text('seat')];
  const flags = readFeatures(field('features'), (message) => problems.add(place('features'), message));
  const isPlaced = field('x') !== '' || field('y') !== '';
  const [x, y] = isPlaced ? [coordinate('x'), coordinate('y')] : [];
  const position = x === undefined || y === undefined ? undefined : { x, y };
  if (section === undefined || row === undefined || label === undefined) return undefined;
  return {
    at: line.at,
    section,
    row,
    label,
    position,
    level: optional('level'),
    category: optional('category'),
    flags,
  };
}

function numberOf(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function readFeatures(text: string, refuse: (message: string) => void): number {
  let flags = 0;
  for (const name of text.split(/\s+/).filter(Boolean)) {
    const bit = (seatFeatures as Readonly<Record<string, number>>)[name.toUpperCase()];
    if (bit === undefined || !Object.hasOwn(seatFeatures, name.toUpperCase()))
      refuse(`unknown feature "${name}"; known are ${Object.keys(seatFeatures).join(', ')}`);
    else flags |= bit;
  }
  return flags;
}
