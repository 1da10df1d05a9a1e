import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export type Vehicle = 'simulation' | 'rush' | 'money' | 'books';

/** A planted bug: source text that is replaced, exactly once each. */
export type Mutant = {
  readonly name: string;
  /** What the product does wrong. */
  readonly bug: string;
  readonly edits: readonly Edit[];
  /**
   * Its run: worlds of the simulation, which run the product's code and SQL; or a rush, which takes longer and also
   * runs HTTP, logical decoding and the scripts in Redis; or many payments of the simulation of money; or the
   * books of a few organizations in PostgreSQL. Default: the simulation.
   */
  readonly vehicle?: Vehicle;
};

export type Edit = { readonly file: string; readonly find: string; readonly replace: string };

const root = resolve(import.meta.dirname, '../../..');

/** The source with the bug. Throws when an edit no longer fits it. */
export async function mutatedFiles({ name, edits }: Mutant): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const { file, find, replace } of edits) {
    const text = files.get(file) ?? (await readFile(join(root, file), 'utf8'));
    const parts = text.split(find);
    if (parts.length !== 2)
      throw new Error(`${name}: ${file} has ${parts.length - 1} times what is to be replaced: ${find}`);
    files.set(file, parts.join(replace));
  }
  return files;
}

/** A copy of the source with the bug in it, which runs like the original. `remove` deletes it. */
export async function plantMutant(mutant: Mutant): Promise<{ root: string; remove(): Promise<void> }> {
  const files = await mutatedFiles(mutant);
  const copy = await mkdtemp(join(tmpdir(), `frontrow-mutant-${mutant.name}-`));
  for (const name of ['src', 'test', 'scripts', 'package.json'])
    await cp(join(root, name), join(copy, name), { recursive: true });
  for (const name of ['node_modules', 'drizzle']) await symlink(join(root, name), join(copy, name));
  for (const [file, text] of files) await writeFile(join(copy, file), text);
  return { root: copy, remove: () => rm(copy, { recursive: true, force: true }) };
}
