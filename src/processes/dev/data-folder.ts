import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { sentenceOf } from '../sentence.ts';
import { isAlive } from './servers/server-process.ts';

/** What a development system needs to keep to itself; made once, so that tokens and tickets outlive a restart. */
export interface DevSecrets {
  postgresPassword: string;
  typesenseApiKey: string;
  tokenPrivateKey: string;
  ticketPrivateKey: string;
  admissionKeys: string;
  gatewayApiKey: string;
  gatewayWebhookSecret: string;
}

export interface DataFolder {
  path: string;
  secrets: DevSecrets;
  /** Nothing was ever started on it. */
  isNew: boolean;
  /** Lets another run have the folder. */
  release(): Promise<void>;
}

/**
 * Opens the folder for this process alone.
 *
 * @throws Error when another run has it
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const folder = resolve(path);
  await makeFolder(folder);
  const lock = join(folder, 'dev.lock');
  await takeLock(lock, folder);
  const isNew = !existsSync(join(folder, 'secrets.json'));
  return { path: folder, secrets: await readSecrets(folder), isNew, release: () => rm(lock, { force: true }) };
}

/** @throws Error saying what is in the way, for a path that can't be a folder */
async function makeFolder(folder: string): Promise<void> {
  const probe = join(folder, `.writable-${process.pid}`);
  try {
    await makeStepByStep(folder);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'No folder can be made there.'
        : sentenceOf(path === probe ? Object.assign(error as Error, { path: folder }) : error);
    throw new Error(
      `FRONTROW_DATA can't be ${folder}. ${why ?? `${code}.`} FRONTROW_DATA names the folder of the data: FRONTROW_DATA=/path npm start`,
      { cause: error },
    );
  }
}

/** Not `mkdir` with `recursive`, which tries for ever where a file system takes no folder (/proc). */
async function makeStepByStep(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return;
  if (!found && dirname(folder) !== folder) await makeStepByStep(dirname(folder));
  try {
    await mkdir(folder);
  } catch (error) {
    const isMade = await stat(folder).then(
      (made) => made.isDirectory(),
      () => false,
    );
    if (!isMade) throw error;
  }
}

async function takeLock(lock: string, folder: string): Promise<void> {
  const mine = `${process.pid} ${startOf(process.pid)}`;
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      writeFileSync(lock, mine, { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pid = 0, start = ''] = (await readFile(lock, 'utf8').catch(() => '')).split(' ', 2);
    if (isAlive(Number(pid)) && startOf(Number(pid)) === start) {
      throw new Error(
        `Frontrow already runs on ${folder} (process ${pid}). Stop it first, or give this one a folder of its own: FRONTROW_DATA=.frontrow-2 PORT=4100 npm start`,
      );
    }
    await rm(lock, { force: true });
  }
  throw new Error(`${lock} cannot be taken: other processes keep taking it.`);
}

/** When the process started, in clock ticks since boot: with it a pid that was used again is told from the old one. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

async function readSecrets(folder: string): Promise<DevSecrets> {
  const file = join(folder, 'secrets.json');
  const known: Partial<DevSecrets> = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'));
  const secrets = { ...newSecrets(), ...known };
  // Written beside and renamed: half a file would lose every secret at the next start.
  await writeFile(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return secrets;
}

function newSecrets(): DevSecrets {
  const random = () => randomBytes(24).toString('hex');
  return {
    postgresPassword: random(),
    typesenseApiKey: random(),
    tokenPrivateKey: newPrivateKey(),
    ticketPrivateKey: newPrivateKey(),
    admissionKeys: `k1:${random()}`,
    gatewayApiKey: `sk_sandbox_${random()}`,
    gatewayWebhookSecret: `whsec_${random()}`,
  };
}

/** An Ed25519 private key, PKCS #8 DER in base64. */
function newPrivateKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}
