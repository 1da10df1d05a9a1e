import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const run = promisify(execFile);
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why there is no browser, for a test that is then skipped. */
export const noChromium = `There is no Chromium at ${executablePath}. CHROMIUM names one; on Debian: apt-get install chromium.`;

const isThere = () =>
  access(executablePath).then(
    () => true,
    () => false,
  );

/** WebGL drawn by the processor, as on a machine without a graphics card. */
export const SOFTWARE_WEBGL = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-gpu-compositing'];

/** A real browser without a window. As root on Debian it is installed if it is missing; undefined without one. */
export async function openChromium(args: readonly string[] = ['--disable-gpu']): Promise<Browser | undefined> {
  if (!(await isThere()) && process.getuid?.() === 0 && process.env.CHROMIUM === undefined) await install();
  if (!(await isThere())) {
    console.warn(noChromium);
    return undefined;
  }
  return chromium.launch({ executablePath, args: ['--no-sandbox', ...args] });
}

async function install(): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', ['update', '-q'], { env });
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], { env });
  } catch (error) {
    console.warn(`Chromium could not be installed: ${error instanceof Error ? error.message : error}`);
  }
}
