import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

const near = createRequire(import.meta.url);

/** The properties of the machine that the figures depend on, without a name that identifies it. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? process.arch;
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} cores (${model}), ${memory} GB of memory, ${process.platform} ${process.arch}`;
}

/** The load average: read before a run, which makes a load of its own. */
export const describeLoad = (): string => `load average ${loadavg()[0]?.toFixed(1)} before the run`;

/** `name version` of installed packages. */
export function versionsOf(names: readonly string[]): string[] {
  return names.map((name) => `${name} ${versionOf(name)}`);
}

function versionOf(name: string): string {
  for (const folder of near.resolve.paths(name) ?? []) {
    try {
      const { version } = JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')) as { version: string };
      return version;
    } catch {
      // Otherwise the package is in one of the folders above.
    }
  }
  throw new Error(`The package ${name} is not installed.`);
}
