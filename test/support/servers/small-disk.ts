import { execFile } from 'node:child_process';
import { chown, mkdtemp, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type SmallDisk = {
  readonly path: string;
  /** Leaves no byte free. */
  fill(): Promise<void>;
  free(): Promise<void>;
  remove(): Promise<void>;
};

/** A file system of some megabytes. Undefined if this process may not mount one; then the reason is printed. */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk | undefined> {
  const path = await mkdtemp(join(tmpdir(), 'frontrow-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]);
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    console.error(`No file system can be mounted here, so nothing is tried on a full disk: ${String(error)}`);
    return undefined;
  }
  const ballast = join(path, 'ballast');
  return {
    path,
    async fill() {
      const { bavail, bsize } = await statfs(path);
      // If the server writes meanwhile this fails, and then writing up to the last byte fills the disk.
      await run('fallocate', ['-l', String(bavail * bsize), ballast]).catch(() => fillUp(ballast, bavail * bsize));
    },
    free: () => rm(ballast, { force: true }),
    async remove() {
      await run('umount', ['--lazy', path]);
      await rm(path, { recursive: true, force: true });
    },
  };
}

const fillUp = (file: string, bytes: number) => writeFile(file, Buffer.alloc(bytes)).catch(() => undefined);

/** Lets a server that runs as the owner of `like` write there. */
export async function giveTo(path: string, like: string): Promise<void> {
  const { uid, gid } = await stat(like);
  await chown(path, uid, gid);
}
