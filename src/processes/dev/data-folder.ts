import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { sentenceOf } from '../sentence.ts';
import { isAlive } from './servers/server-process.ts';

/** The secrets of a development system. They are made once, so that tokens and tickets stay valid after a restart. */
export interface DevSecrets {
  postgresPassword: string;
  typesenseApiKey: string;
  tokenPrivateKey: string;
  ticketPrivateKey: string;
  admissionKeys: string;
  gatewayApiKey: string;
  gatewayWebhookSecret: string;
  booksToken: string;
  /** Of the account that owns the theatre of the demo. */
  theatrePassword: string;
}

export interface DataFolder {
  path: string;
  secrets: DevSecrets;
  /** True when no system was ever started on the folder. */
  isNew: boolean;
  /** Releases the folder for another run. */
  release(): Promise<void>;
}

/**
 * Opens the folder for this process alone.
 *
 * @throws Error when another run uses it
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const folder = resolve(path);
  await makeFolder(folder);
  const lock = join(folder, 'dev.lock');
  await takeLock(lock, folder);
  const isNew = !existsSync(join(folder, 'secrets.json'));
  return { path: folder, secrets: await readSecrets(folder), isNew, release: () => rm(lock, { force: true }) };
}

/** @throws Error with the reason when the path can't be a folder */
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
        ? 'A folder cannot be created there.'
        : sentenceOf(path === probe ? Object.assign(error as Error, { path: folder }) : error);
    throw new Error(
      `FRONTROW_DATA can't be ${folder}. ${why ?? `${code}.`} FRONTROW_DATA names the folder of the data: FRONTROW_DATA=/path npm start`,
      { cause: error },
    );
  }
}

/** Without `mkdir`'s `recursive`, which tries for ever on a file system that does not allow new folders (/proc). */
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
  throw new Error(`${lock} cannot be taken, because other processes keep taking it.`);
}

/**
 * Returns when the process started, in clock ticks since boot. It distinguishes a process from an earlier one with the
 * same pid.
 */
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
  // Written to another file and renamed, because a half-written file would lose every secret at the next start.
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
    booksToken: random(),
    gatewayApiKey: `sk_sandbox_${random()}`,
    gatewayWebhookSecret: `whsec_${random()}`,
    theatrePassword: randomBytes(9).toString('base64url'),
  };
}

/** An Ed25519 private key, PKCS #8 DER in base64. */
function newPrivateKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}
