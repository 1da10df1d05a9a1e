import { statfs } from 'node:fs/promises';

const MB = 1024 * 1024;
/** MB that a first start takes: databases of a million seats with their WAL, search index and copies of servers. */
const NEEDED_MB = { first: 2_000, later: 300 } as const;
const FULL_MB = 50;

/** Returns a warning for the developer when the disk has little space. Throws when it is too little for a start. */
export async function checkDiskSpace(folder: string, isFirst: boolean): Promise<string | undefined> {
  const free = await freeMegabytes(folder);
  if (free < FULL_MB) throw new Error(fullDisk(folder, free));
  const needed = isFirst ? NEEDED_MB.first : NEEDED_MB.later;
  if (free >= needed) return undefined;
  return `The disk of ${folder} has ${free} MB free; ${isFirst ? 'a first start' : 'a start'} takes up to ${needed} MB. FRONTROW_DATA names a folder on another disk.`;
}

/**
 * Returns the sentence for a full disk when that is the reason of an error. A database that can't write ends, and its
 * clients only see that the connection was closed.
 */
export async function isDiskFull(folder: string): Promise<string | undefined> {
  const free = await freeMegabytes(folder).catch(() => Number.POSITIVE_INFINITY);
  return free < FULL_MB ? fullDisk(folder, free) : undefined;
}

const fullDisk = (folder: string, free: number): string =>
  `The disk of ${folder} is full (${free} MB free), so the servers cannot write. Free some space, or name a folder on another disk: FRONTROW_DATA=/path npm start`;

async function freeMegabytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return Math.floor((bavail * bsize) / MB);
}
