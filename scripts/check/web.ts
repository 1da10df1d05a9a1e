import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { writeWebTypes } from '../web/types.ts';
import { importsOf } from './boundaries.ts';
import { type Outcome, program } from './step.ts';

/** Checks the types of the web client and of the seat map against `schema.graphql`. */
export async function checkWebTypes(root: string): Promise<Outcome> {
  await writeWebTypes();
  const folders = ['packages/seatmap', 'web'];
  const outcomes = await Promise.all(
    folders.map((folder) => program(folder, root, 'tsc', '--noEmit', '-p', folder).run()),
  );
  return outcomes.find(({ state }) => state === 'failed') ?? { state: 'ok', output: '' };
}

/** Everything goes through the public API: neither the client nor the seat map imports a file outside of its own folder. */
export async function checkWebImports(root: string): Promise<Outcome> {
  const problems: string[] = [];
  for (const folder of ['packages/seatmap/src', 'web/src']) {
    const files = (await readdir(join(root, folder), { recursive: true })).filter((file) => /\.tsx?$/.test(file));
    if (files.length < 15) problems.push(`Only ${files.length} files were found below ${folder}.`);
    for (const file of files)
      for (const { specifier, line } of importsOf(await readFile(join(root, folder, file), 'utf8')))
        if (
          specifier.startsWith('#') ||
          (specifier.startsWith('.') && posix.join(dirname(file), specifier).startsWith('..'))
        )
          problems.push(`${folder}/${file}:${line}: imports ${specifier}: it is outside of ${folder}`);
  }
  return { state: problems.length === 0 ? 'ok' : 'failed', output: problems.join('\n') };
}
