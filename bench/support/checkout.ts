import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

export type Checkout = { readonly root: string; readonly name: string; remove(): Promise<void> };

/** The product at another commit, in a temporary folder, with the packages that are installed here. */
export async function checkOut(commit: string): Promise<Checkout> {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-baseline-'));
  const { stdout } = await run('git', ['-C', root, 'rev-parse', '--short', `${commit}^{commit}`]);
  const archive = join(folder, 'archive.tar');
  await run('git', ['-C', root, 'archive', '--output', archive, commit]);
  await run('tar', ['-xf', archive, '-C', folder]);
  await rm(archive);
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  return { root: folder, name: stdout.trim(), remove: () => rm(folder, { recursive: true, force: true }) };
}
