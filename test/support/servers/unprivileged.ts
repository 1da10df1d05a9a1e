import { chown, glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Servers that refuse to run as root run as the user `nobody`, which gets this folder with its content. */
export async function unprivileged(
  folder: string,
  preferred = 'nobody',
): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const user = lines.find(([name]) => name === preferred) ?? lines.find(([name]) => name === 'nobody');
  const [, , uid = '65534', gid = '65534'] = user ?? [];
  const owner = { uid: Number(uid), gid: Number(gid) };
  await chown(folder, owner.uid, owner.gid);
  for await (const entry of glob('**/*', { cwd: folder })) await chown(join(folder, entry), owner.uid, owner.gid);
  return owner;
}
