import type { Place, PlanProblems } from './plan-problems.ts';

export type CsvLine = { readonly at: CsvPlace; readonly fields: readonly string[] };

/** A line of a file. A seat keeps its line, so it must not keep the texts of the line in memory. */
export class CsvPlace implements Place {
  readonly line: number;

  constructor(line: number) {
    this.line = line;
  }

  get path(): string {
    return `line ${this.line}`;
  }
}

/** Of the characters that spreadsheets put between fields, the first one that the header has. */
export function separatorOf(text: string): string {
  const header = text.slice(0, Math.max(0, `${text}\n`.search(/[\r\n]/)));
  return [',', ';', '\t'].find((separator) => header.includes(separator)) ?? ',';
}

/**
 * The lines of a CSV file (RFC 4180), one after the other; empty lines are left out. A field in quotes may
 * contain separators, line breaks and doubled quotes.
 */
export function* parseCsv(text: string, separator: string, problems: PlanProblems): Generator<CsvLine, undefined> {
  const reader = new CsvReader(text, separator, problems);
  for (let line = reader.next(); line; line = reader.next())
    if (line.fields.length > 1 || line.fields[0]?.trim() !== '') yield line;
}

class CsvReader {
  private at = 0;
  private line = 1;
  private readonly text: string;
  private readonly separator: string;
  private readonly problems: PlanProblems;

  constructor(text: string, separator: string, problems: PlanProblems) {
    this.text = text;
    this.separator = separator;
    this.problems = problems;
  }

  next(): CsvLine | undefined {
    if (this.at >= this.text.length) return undefined;
    const { line } = this;
    const fields: string[] = [];
    do fields.push(this.field());
    while (this.skip(this.separator));
    this.endOfLine(line);
    return { at: new CsvPlace(line), fields };
  }

  private field(): string {
    return this.skip('"') ? this.quoted() : this.plain();
  }

  private plain(): string {
    const from = this.at;
    while (this.at < this.text.length && !this.isAt(this.separator) && !this.isAt('\n') && !this.isAt('\r')) this.at++;
    return this.text.slice(from, this.at);
  }

  private quoted(): string {
    const { line } = this;
    let field = '';
    while (this.at < this.text.length) {
      const end = this.text.indexOf('"', this.at);
      if (end < 0) break;
      field += this.passed(end);
      this.at++;
      if (!this.skip('"')) return field;
      field += '"';
    }
    this.problems.add({ path: `line ${line}` }, 'a quote is opened and never closed');
    return field + this.passed(this.text.length);
  }

  /** The text up to `end`, whose line breaks are counted. */
  private passed(end: number): string {
    const text = this.text.slice(this.at, end);
    for (const character of text) if (character === '\n') this.line++;
    this.at = end;
    return text;
  }

  private endOfLine(line: number): void {
    if (this.at < this.text.length && !this.isAt('\n') && !this.isAt('\r')) {
      this.problems.add({ path: `line ${line}` }, 'text after a closed quote');
      while (this.at < this.text.length && !this.isAt('\n') && !this.isAt('\r')) this.at++;
    }
    const wasReturn = this.skip('\r');
    if (this.skip('\n') || wasReturn) this.line++;
  }

  private isAt(character: string): boolean {
    return this.text[this.at] === character;
  }

  private skip(character: string): boolean {
    if (!this.isAt(character)) return false;
    this.at++;
    return true;
  }
}

/** A field as a spreadsheet reads it back: in quotes when it has to be. */
export const csvField = (field: string): string =>
  /[",;\t\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
