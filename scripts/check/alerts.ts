import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Outcome } from './step.ts';

const run = promisify(execFile);

/** Runs promtool, which reads the alerts and plays the cases of alerts.test.yml. */
export async function checkAlerts(root: string): Promise<Outcome> {
  const cwd = `${root}/deploy/prometheus`;
  try {
    await run('promtool', ['check', 'rules', 'alerts.yml'], { cwd });
    await run('promtool', ['test', 'rules', 'alerts.test.yml'], { cwd });
    return { state: 'ok', output: '' };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: string; stdout?: string; stderr?: string };
    if (code === 'ENOENT')
      return { state: 'skipped', output: 'promtool is not installed (Debian, Ubuntu: apt-get install prometheus)' };
    return { state: 'failed', output: `${stdout}${stderr}`.trim() || String(error) };
  }
}
