import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { proseOf } from './prose.ts';
import type { Outcome } from './step.ts';

const run = promisify(execFile);

/** A phrase may go on in the next line of a comment. */
const GAP = String.raw`\s+(?:(?:\*|//|--|#|>)\s+)*`;

/** Words that stand alone: not a part of an address, a path, a flag or another name. */
const alone = (words: string): RegExp =>
  new RegExp(String.raw`(?<![\w@./$-])(?:${words.replaceAll(' ', GAP)})(?![\w@$]|[.-]\w)`, 'gi');

/** Each with what to write instead; docs/style.md has the whole rules. */
const avoided: readonly (readonly [words: RegExp, instead: string])[] = [
  [alone('nobody|somebody|anybody|whoever|whomever'), 'name the actor: the client, the caller, a fan'],
  [alone('whatever'), 'name the thing, or write "any"'],
  [alone('mends?|mended|mending'), 'repairs, fixes, corrects'],
  [alone("is nobody['’]s"), 'is discarded, belongs to no one'],
  [alone('(?<!there )is none'), 'does not exist, is not one'],
  [alone('no more(?! than)'), 'no longer, not any more'],
  [alone('tells? of|told of|telling of'), 'reports, names, describes'],
];

/** Applied migrations never change; the other files are not ours, or have to name the words. */
const notRead = [
  /^drizzle\//,
  /^data\//,
  /^vendor\/postgres\//,
  /^package-lock\.json$/,
  /\/__generated__\//,
  /^docs\/style\.md$/,
  /^scripts\/check\/language(\.test)?\.ts$/,
];

/** Strings that look like a word of the list, by file. `nobody` is a UNIX user and a login of a test. */
const names: Readonly<Record<string, RegExp>> = {
  'src/processes/dev/servers/postgres.ts': /^nobody$/,
  'test/support/servers/unprivileged.ts': /^nobody$/,
  'test/scenarios/wrong-settings.e2e.test.ts': /^nobody$/,
};

/** One line `file:line: "word": what to write instead` for each word in the prose of the file. */
export function languageProblems(file: string, text: string): string[] {
  const prose = proseOf(file, text);
  const found = avoided.flatMap(([words, instead]) =>
    [...prose.matchAll(words)]
      .filter(([word]) => !names[file]?.test(word))
      .map(({ 0: word, index }) => ({ line: prose.slice(0, index).split('\n').length, word, instead })),
  );
  return found
    .sort((a, b) => a.line - b.line)
    .map(({ line, word, instead }) => `${file}:${line}: "${word.replace(/\s[\s*/#>-]*/g, ' ')}": ${instead}`);
}

/** Reads the prose of all tracked files: comments, documents, descriptions, messages, names of tests. */
export async function checkLanguage(root: string): Promise<Outcome> {
  const { stdout } = await run('git', ['ls-files', '-z'], { cwd: root, maxBuffer: 16 * 1024 * 1024 });
  const files = stdout.split('\0').filter((file) => file !== '' && !notRead.some((pattern) => pattern.test(file)));
  const problems = await Promise.all(
    files.map(async (file) => languageProblems(file, await readFile(`${root}/${file}`, 'utf8').catch(() => ''))),
  );
  const output = problems.flat().join('\n');
  return { state: output === '' ? 'ok' : 'failed', output: output && `${output}\nThe rules: docs/style.md` };
}
