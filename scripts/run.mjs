// Installs the packages of package-lock.json when they are missing, then runs the target under the pinned Node. Plain
// JavaScript, because it must start under an old Node.
// usage: node scripts/run.mjs <file.ts | name of an installed command> [arguments]
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const binDir = join(root, 'node_modules', '.bin');
const oldestToStart = 20;
const oldestToRun = 24;

const startedAtMs = Date.now() - Math.round(process.uptime() * 1000);
const [target, ...args] = process.argv.slice(2);
if (target === undefined) fail('usage: node scripts/run.mjs <file.ts | command> [arguments]', 2);
if (majorOf(process.versions.node) < oldestToStart) {
  fail(`Frontrow needs Node ${oldestToStart} or later to start; this is ${process.version}. See https://nodejs.org.`);
}

await installWhatIsMissing();
// The script may have changed since npm ci ran it, or npm ci has left it out (--ignore-scripts).
await import('./patch-drizzle.mjs');
process.exit(await runTarget());

async function installWhatIsMissing() {
  const reason = whyInstall();
  if (reason === undefined) return;
  const release = await takeInstallLock();
  try {
    // Another process may have installed the packages while this one waited.
    if (whyInstall() === undefined) return;
    console.error(`Installing the packages of package-lock.json with npm ci: ${reason}.`);
    const startedAt = Date.now();
    const progress = setInterval(() => {
      console.error(`  still installing, ${Math.round((Date.now() - startedAt) / 1000)} s ...`);
    }, 5000);
    const code = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], process.env);
    clearInterval(progress);
    if (code !== 0) {
      // npm has written this file even when a package's install script failed after that.
      rmSync(join(root, 'node_modules', '.package-lock.json'), { force: true });
      release();
      fail(`npm ci failed (code ${code}); its reason is above.`);
    }
    console.error(`Installed in ${Math.round((Date.now() - startedAt) / 1000)} s.`);
  } finally {
    release();
  }
}

/**
 * Returns why npm ci has to run, or undefined. npm writes node_modules/.package-lock.json last, when all is installed; a
 * folder may be deleted after that.
 */
function whyInstall() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return 'nothing is installed yet';
  const lockfile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(installed, 'utf8')).packages;
  for (const [path, wanted] of Object.entries(lockfile)) {
    if (path === '' || wanted.optional || wanted.link) continue;
    if (present[path]?.version !== wanted.version)
      return `${path.replace(/^.*node_modules\//, '')} is not at the version of package-lock.json`;
    if (!existsSync(join(root, path))) return `${path} is not there`;
  }
  return undefined;
}

/** Two starts in one clone must not both run npm ci, which begins by deleting node_modules. */
async function takeInstallLock() {
  const lock = join(root, '.frontrow', 'install.lock');
  try {
    mkdirSync(dirname(lock), { recursive: true });
  } catch (error) {
    fail(
      `${dirname(lock)} cannot be created (${error.code}): this account needs write access to the folder of the clone.`,
    );
  }
  for (let told = false; ; told = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return () => rmSync(lock, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isStale(lock)) rmSync(lock, { force: true });
    else if (!told) console.error('Waiting for another npm ci in this folder ...');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function isStale(lock) {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return false;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    if (error.code === 'ESRCH') return true;
    return error.code !== 'EPERM' && Date.now() - statSync(lock).mtimeMs > 10_000;
  }
}

async function runTarget() {
  const node = findNode();
  const isFile = /\.(ts|mjs|js)$/.test(target);
  const script = isFile ? join(root, target) : join(binDir, target);
  if (!existsSync(script)) fail(`There is no ${isFile ? target : `installed command ${target}`}.`);
  // A child process that runs `node` by name must get the pinned Node as well.
  const env = {
    ...process.env,
    FRONTROW_STARTED_AT_MS: String(startedAtMs),
    // Each process loads some two thousand modules; later processes read the compiled code from this folder.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'compiled'),
    PATH: `${binDir}${delimiter}${process.env.PATH ?? ''}`,
  };
  return run(node, [script, ...args], env);
}

function findNode() {
  const pinned = join(binDir, 'node');
  if (process.platform === 'linux' && process.arch === 'x64' && existsSync(pinned)) return pinned;
  if (majorOf(process.versions.node) >= oldestToRun) return process.execPath;
  return fail(
    `On ${process.platform}-${process.arch} Frontrow needs Node ${oldestToRun} or later; this is ${process.version}. See https://nodejs.org.`,
  );
}

/** Resolves with the program's exit code, or with 128 + n when signal n ended it, as shells do. */
function run(command, commandArgs, env) {
  return new Promise((resolve) => {
    const child = spawn(command, commandArgs, { cwd: root, stdio: 'inherit', env });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    if (process.env.npm_lifecycle_event !== undefined) whenParentEnds(() => child.kill('SIGTERM'));
    child.on('error', (error) => fail(`${command} cannot be started: ${error.message}`));
    child.on('close', (code, signal) => resolve(signal === null ? code : 128 + constants.signals[signal]));
  });
}

/** A killed npm cannot pass a signal on to its child, which would then run for ever. So the child watches its parent. */
function whenParentEnds(act) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    act();
  }, 500);
  watch.unref();
}

function majorOf(version) {
  return Number(version.split('.')[0]);
}

function fail(message, code = 1) {
  console.error(message);
  process.exit(code);
}
