import { chown, glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Servers that refuse to run as root run as `nobody`, who is given this folder with what is in it. */
export async function unprivileged(folder: string): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const nobody = (await readFile('/etc/passwd', 'utf8')).split('\n').find((line) => line.startsWith('nobody:'));
  const [, , uid = '65534', gid = '65534'] = nobody?.split(':') ?? [];
  const owner = { uid: Number(uid), gid: Number(gid) };
  await chown(folder, owner.uid, owner.gid);
  for await (const entry of glob('**/*', { cwd: folder })) await chown(join(folder, entry), owner.uid, owner.gid);
  return owner;
}
