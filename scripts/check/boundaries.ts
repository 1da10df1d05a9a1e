// Checks what imports what. Run on its own it prints the table as docs/architecture.md has it.
import { readdir, readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join, matchesGlob, posix } from 'node:path';
import { type Boundary, boundaries } from './boundaries-table.ts';
import type { Outcome } from './step.ts';

/** One import as it stands in a file. */
type Import = { readonly specifier: string; readonly line: number; readonly isType: boolean };

const GAP = String.raw`(?:\s|/\*.*?\*/|//[^\n]*\n)*`;
const TEXT = String.raw`(["'\`])([^"'\`\n]*)\1`;
/** `from '...'` of an import or export. A text that only looks like one counts as well, which is the safe side. */
const FROM = new RegExp(String.raw`\bfrom${GAP}${TEXT}`, 'gs');
const BARE = new RegExp(String.raw`\bimport${GAP}${TEXT}`, 'gs');
const CALL = String.raw`(?<![.\w$])(?:import(?:\.meta\.resolve)?|require(?:\.resolve)?)${GAP}\(${GAP}`;
const CALLED = new RegExp(`${CALL}${TEXT}(?=${GAP}[,)])`, 'gs');
const COMPUTED = new RegExp(String.raw`${CALL}(?!${TEXT}${GAP}[,)])(?=[^\s/])`, 'gs');
const OF_TYPES = /\b(?:import|export)\s+type\b[\w\s{},*$]*$/;
/** Stands for an import whose name is not a plain text. */
const UNKNOWN = '(a computed name)';

/** Returns every import of a file: static, for types, dynamic, `export ... from` and `require`. */
export function importsOf(text: string): Import[] {
  const found = (pattern: RegExp): Import[] =>
    [...text.matchAll(pattern)].map(({ 0: all, 2: specifier = '', index }) => ({
      specifier: pattern === COMPUTED || specifier.includes('${') ? UNKNOWN : specifier,
      line: text.slice(0, index + all.length).split('\n').length,
      isType: pattern === FROM && OF_TYPES.test(text.slice(0, index)),
    }));
  return [FROM, BARE, CALLED, COMPUTED].flatMap(found);
}

/** The last pattern that matches decides; without one the answer is no. */
function allows(patterns: readonly string[], path: string): boolean {
  const last = patterns.findLast((pattern) => matchesGlob(path, pattern.replace(/^!/, '')));
  return last !== undefined && !last.startsWith('!');
}

const isPackageOf = (pattern: string, name: string): boolean =>
  pattern.endsWith('/*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern || name.startsWith(`${pattern}/`);

/** A path below `src`; `..` in front when it is outside. Undefined for a package. */
function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(dirname(file), specifier);
  if (specifier.startsWith('#test/')) return `../${specifier.slice(1)}`;
  return specifier.startsWith('#') ? specifier.slice(1) : undefined;
}

const folderOf = (path: string): string => (path.includes('/') ? (path.split('/')[0] ?? '') : path);

/** Returns what is wrong with one import of a file; `file` is a path below `src`. */
function problemsOf(rows: readonly Boundary[], file: string, { specifier, isType }: Import): string[] {
  if (specifier === UNKNOWN)
    return folderOf(file) === 'processes' ? [] : ['imports a computed name, which no check can follow'];
  const target = targetOf(file, specifier);
  if (target === undefined) {
    if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return [];
    return rows
      .filter(({ withoutPackages = [], withoutValuesOf = [] }) =>
        [...withoutPackages, ...(isType ? [] : withoutValuesOf)].some((pattern) => isPackageOf(pattern, specifier)),
      )
      .map(({ because }) => `imports ${specifier}: ${because}`);
  }
  if (target.startsWith('..')) return [`imports ${specifier}: it is outside of src`];
  if (specifier.startsWith('.') && file.includes('/') && folderOf(target) !== folderOf(file))
    return [`imports ${specifier}: across the folders of src by #, inside a folder relatively`];
  return rows.filter(({ may }) => !allows(may, target)).map(({ because }) => `imports ${specifier}: ${because}`);
}

/** One line `src/file:line: what it imports: why not` for each import that a row of the table refuses. */
export function boundaryProblems(file: string, text: string, table: readonly Boundary[] = boundaries): string[] {
  const rows = table.filter(({ files }) => allows(files, file));
  if (rows.every(({ files }) => files[0] === '**'))
    return [`src/${file}:1: no row of scripts/check/boundaries-table.ts is about this file`];
  return importsOf(text).flatMap((one) =>
    problemsOf(rows, file, one).map((problem) => `src/${file}:${one.line}: ${problem}`),
  );
}

/** The production code below a root: tests and conformance suites may import everything. */
export async function productionFiles(root: string): Promise<string[]> {
  const files = await readdir(join(root, 'src'), { recursive: true });
  return files.filter((file) => /\.(ts|js|mjs)$/.test(file) && !/\.(test|conformance)\.ts$/.test(file)).sort();
}

export async function checkBoundaries(root: string): Promise<Outcome> {
  const files = await productionFiles(root);
  const problems = await Promise.all(
    files.map(async (file) => boundaryProblems(file, await readFile(join(root, 'src', file), 'utf8'))),
  );
  if (files.length < 300) return { state: 'failed', output: `Only ${files.length} files were found below src.` };
  return { state: problems.flat().length === 0 ? 'ok' : 'failed', output: problems.flat().join('\n') };
}

/** The table as docs/architecture.md prints it. */
export function printTable(): string {
  const codes = (patterns: readonly string[]) => patterns.map((pattern) => `\`${pattern}\``).join(', ');
  const rows = boundaries.map(({ files, may, withoutPackages = [], withoutValuesOf = [], because }) => {
    const packages = withoutPackages.length > 0 ? `; not the packages ${codes(withoutPackages)}` : '';
    const values = withoutValuesOf.length > 0 ? `; only types of ${codes(withoutValuesOf)}` : '';
    return `| ${codes(files)} | ${codes(may)}${packages}${values} | ${because} |`;
  });
  return ['| files of `src` | may import | because |', '| --- | --- | --- |', ...rows].join('\n');
}

if (import.meta.main) console.log(printTable());
