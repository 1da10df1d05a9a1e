/** Reads a file by RFC 4180 with a head: each line by the names of its columns. */
export function readCsv(text: string): Record<string, string>[] {
  const [head = [], ...lines] = cellsOf(text.replace(/^\uFEFF/, ''));
  return lines.map((cells) => Object.fromEntries(head.map((name, at) => [name, cells[at] ?? ''])));
}

const CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g;

function cellsOf(text: string): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  for (const [whole, quoted, plain = '', end] of text.matchAll(CELL)) {
    if (whole === '' && line.length === 0) break;
    line.push(textOf(quoted?.replaceAll('""', '"') ?? plain));
    if (end === ',') continue;
    lines.push(line);
    line = [];
  }
  return lines;
}

/** Without the apostrophe with which the API disarms a text that a spreadsheet would run as a formula. */
const textOf = (cell: string): string => cell.replace(/^'(?=[\s\u200B]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|[\t\r\n])/, '');
