import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startTypesense } from '#processes/dev/servers/typesense.ts';
import { openRestartable, type Restartable } from './restartable.ts';

/** A Typesense for one run. */
export type ChaosSearch = Restartable & { readonly url: string; readonly apiKey: string };

export async function openChaosSearch(folder: string, port: number): Promise<ChaosSearch> {
  const apiKey = randomBytes(16).toString('hex');
  const request = { dataDir: join(folder, 'typesense'), apiKey, port, log: () => undefined };
  return { ...(await openRestartable(() => startTypesense(request))), apiKey };
}
