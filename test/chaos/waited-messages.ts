import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PaymentsTrouble } from './payments-access.ts';

const causes: Readonly<Record<keyof PaymentsTrouble, string>> = {
  'no-address': 'name-resolution',
  'wrong-certificate': 'tls',
  'wrong-password': 'credentials',
  'disk-full': 'disk-full',
};

/** The log line of a message that waits until this trouble of the payments database is over. */
export const waitedFor = (trouble: keyof PaymentsTrouble): RegExp =>
  new RegExp(`"cause":"${causes[trouble]}".*"message not handled yet"`);

/** Looks for such a line in what the processes write into their logs from now on. */
export async function openWaitedMessages(folder: string, trouble: keyof PaymentsTrouble) {
  const pattern = waitedFor(trouble);
  const files = (await readdir(folder)).map((name) => join(folder, name));
  const ends = new Map<string, number>();
  for (const file of files) ends.set(file, (await stat(file)).size);
  return {
    async isThere(): Promise<boolean> {
      for (const [file, from] of ends) if (pattern.test(await readFrom(file, from))) return true;
      return false;
    },
  };
}

async function readFrom(path: string, from: number): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer } = await file.read({ buffer: Buffer.alloc(Math.max(0, size - from)), position: from });
    return buffer.toString('utf8');
  } finally {
    await file.close();
  }
}
