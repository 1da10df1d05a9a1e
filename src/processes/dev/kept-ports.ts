import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, isPortFree } from './servers/server-process.ts';

/** Remembers the ports of a data folder, so that the addresses of one start are valid at the next start. */
export type KeptPorts = {
  /** Returns the last port of this part, if it had one. */
  last(part: string): number | undefined;
  /** Returns that port if it is free, otherwise another port, and remembers it. */
  take(part: string): Promise<number>;
  remember(ports: Readonly<Record<string, number>>): void;
};

export async function openKeptPorts(folder: string): Promise<KeptPorts> {
  const file = join(folder, 'ports.json');
  const kept = new Map<string, number>(Object.entries(await read(file)));
  const remember = (ports: Readonly<Record<string, number>>): void => {
    for (const [part, port] of Object.entries(ports)) kept.set(part, port);
    // A synchronous write, because servers start in parallel, and two writes at once would leave a broken file.
    writeFileSync(file, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`);
  };
  return {
    last: (part) => kept.get(part),
    async take(part) {
      const last = kept.get(part);
      const port = last !== undefined && (await isPortFree(last)) ? last : await freePort();
      remember({ [part]: port });
      return port;
    },
    remember,
  };
}

/** With a broken file the start does not fail; it only uses other ports. */
async function read(file: string): Promise<Record<string, number>> {
  try {
    const found = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    const isPort = (one: unknown) => Number.isInteger(one) && Number(one) > 0 && Number(one) < 65_536;
    return Object.fromEntries(Object.entries(found).filter(([, port]) => isPort(port))) as Record<string, number>;
  } catch {
    return {};
  }
}
