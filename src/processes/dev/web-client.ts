import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { say, withProgress } from './pretty-log.ts';
import { runOnce } from './supervisor.ts';

/**
 * Builds the web client when it is stale, and returns the settings with which the api serves it. Without a build the
 * system starts all the same, because the API does not need the client.
 */
export async function prepareWebClient(root: string, signal: AbortSignal): Promise<NodeJS.ProcessEnv> {
  const folder = resolve(root, 'web/dist');
  const build = { name: 'web', command: [resolve(root, 'scripts/web/build.ts')], env: process.env };
  try {
    await withProgress('Building the web client', () => runOnce(build, signal));
  } catch (error) {
    signal.throwIfAborted();
    say('web', `The web client could not be built, so it is not served: ${String(error)}`);
    return {};
  }
  return existsSync(folder) ? { WEB_CLIENT: folder } : {};
}
