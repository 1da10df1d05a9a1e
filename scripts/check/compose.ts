import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Outcome } from './step.ts';

const run = promisify(execFile);

/** Checks that every process which docker-compose.yml starts exists, and that docker-compose accepts the file. */
export async function checkCompose(root: string): Promise<Outcome> {
  const text = await readFile(`${root}/docker-compose.yml`, 'utf8');
  const files = [...new Set(text.match(/src\/processes\/[\w-]+\.ts/g))];
  const missing = files.filter((file) => !existsSync(`${root}/${file}`));
  if (files.length === 0 || missing.length > 0) {
    return {
      state: 'failed',
      output: `docker-compose.yml starts what does not exist: ${missing.join(', ') || 'nothing'}`,
    };
  }
  try {
    await run('docker-compose', ['config', '-q'], { cwd: root });
    return { state: 'ok', output: '' };
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: string };
    if (code === 'ENOENT') return { state: 'skipped', output: 'docker-compose is not installed' };
    return { state: 'failed', output: stderr || String(error) };
  }
}
