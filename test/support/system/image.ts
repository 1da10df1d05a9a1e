import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, matchesGlob, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** The paths that the last stage of a Dockerfile copies from the context, in its order. */
export function copiedPaths(dockerfile: string): string[] {
  const text = readFileSync(join(root, dockerfile), 'utf8');
  const stage = text.slice(text.lastIndexOf('\nFROM '));
  return [...stage.matchAll(/^COPY (?!--from=)(.+) \S+$/gm)].flatMap(([, from = '']) => from.split(' '));
}

/**
 * Reads an ignore file as `docker build` does: the last pattern that matches a path or one of its folders decides.
 * A pattern begins at the root of the context, and `!` takes a path back.
 */
export function ignoredBy(ignoreFile: string): (path: string) => boolean {
  const patterns = readFileSync(join(root, ignoreFile), 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  return (path) => {
    const folders = path.split('/').map((_, depth, parts) => parts.slice(0, depth + 1).join('/'));
    const last = patterns.findLast((pattern) => folders.some((one) => matchesGlob(one, pattern.replace(/^!/, ''))));
    return last !== undefined && !last.startsWith('!');
  };
}

type Image = { readonly dockerfile: string; readonly ignoreFile: string };
export const PRODUCTION: Image = { dockerfile: 'Dockerfile', ignoreFile: '.dockerignore' };
export const SANDBOX: Image = {
  dockerfile: 'deploy/gateway-sandbox/Dockerfile',
  ignoreFile: 'deploy/gateway-sandbox/Dockerfile.dockerignore',
};

/** The files that an image has beside its packages, by their paths in the repository. */
export async function imageFiles({ dockerfile, ignoreFile }: Image): Promise<string[]> {
  const isIgnored = ignoredBy(ignoreFile);
  const files = await Promise.all(copiedPaths(dockerfile).map(filesUnder));
  return files.flat().filter((file) => !isIgnored(file));
}

async function filesUnder(path: string): Promise<string[]> {
  try {
    const entries = await readdir(join(root, path), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [path];
    throw error;
  }
}

/** Copies what an image has into a folder, with the packages that it installs and no others. */
export async function copyImage(image: Image, folder: string): Promise<void> {
  for (const file of await imageFiles(image)) cpSync(join(root, file), join(folder, file));
  const lockfile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>;
  };
  for (const [path, { dev, optional, devOptional }] of Object.entries(lockfile.packages)) {
    if (!/^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) || dev || optional || devOptional) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(root, path), join(folder, path));
  }
}
