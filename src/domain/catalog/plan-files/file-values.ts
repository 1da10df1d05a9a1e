import { readText } from '../../text-rules.ts';

/** Larger than any drawing; beyond it sums of coordinates lose their fractions. */
export const MAX_COORDINATE = 10_000_000;

/** The most seats of a plan. */
export const MAX_SEATS = 200_000;

const LABEL_CHARACTERS = 100;
/** The row and the label of a seat are in one index of PostgreSQL, whose entries have at most 2,700 bytes. */
const LABEL_BYTES = 1_000;

/**
 * The name of a section, a row or a seat: in Unicode's form NFC and without surrounding blanks, so that labels that look
 * alike are equal. A file may have a number in the place of a text.
 */
export function readLabel(value: unknown): { readonly label: string } | { problem: string } {
  if (typeof value !== 'string' && typeof value !== 'number') return { problem: 'a text is needed' };
  const written = String(value);
  const before = labels.get(written);
  if (before) return before;
  const read = readText(written, { atMost: LABEL_CHARACTERS });
  if ('problem' in read) return { problem: `it ${read.problem}` };
  if (Buffer.byteLength(read.text) > LABEL_BYTES) return { problem: `it has more than ${LABEL_BYTES} bytes` };
  const label = { label: read.text };
  if (labels.size === MOST_LABELS) labels.clear();
  labels.set(written, label);
  return label;
}

/**
 * The labels that were read last, by the text in the file. Most seats of a file share their labels with others, so each
 * label is in memory once and not once for each seat.
 */
const labels = new Map<string, { readonly label: string }>();
const MOST_LABELS = 2_000;

/** What is wrong with a coordinate; undefined when nothing is. */
export function problemOfCoordinate(value: unknown): string | undefined {
  if (typeof value !== 'number' || Number.isNaN(value)) return 'a number is needed';
  if (Math.abs(value) > MAX_COORDINATE) return `${value} is beyond ${MAX_COORDINATE.toLocaleString('en')}`;
  return undefined;
}

/** The precision of files, without the rounding error of adding two of their numbers. */
export const hundredth = (value: number): number => Math.round(value * 100) / 100;
