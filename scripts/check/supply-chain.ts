import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Outcome } from './step.ts';

const run = promisify(execFile);

/** Licences of packages that may be shipped with a product under MIT. */
const ALLOWED = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Unlicense',
  'CC0-1.0',
  'BlueOak-1.0.0',
]);
/** Tools that are not shipped may have these as well. */
const ALLOWED_FOR_TOOLS = new Set([...ALLOWED, 'MPL-2.0', 'MIT OR Apache-2.0', 'CC-BY-4.0', 'Python-2.0']);

export type LockedPackage = {
  version?: string;
  license?: string;
  dev?: boolean;
  optional?: boolean;
  devOptional?: boolean;
  hasInstallScript?: boolean;
  /** An entry of its own, under its folder, has the rest. */
  link?: boolean;
};
export type Lockfile = { packages: Readonly<Record<string, LockedPackage>> };

const nameOf = (path: string): string => path.replace(/^(.*node_modules|vendor)\//, '');

/** A package under several licences at once, "MIT AND Apache-2.0", needs each of them allowed. */
const termsOf = ({ license = 'none' }: LockedPackage): string[] => license.split(' AND ');

/**
 * Returns what an audit finds without a network: a licence that is not allowed, an install script that package.json does
 * not allow, a second copy of graphql.
 */
export function supplyChainProblems({ packages }: Lockfile, allowScripts: Readonly<Record<string, boolean>>): string[] {
  const locked = Object.entries(packages).filter(([path, { link }]) => path !== '' && !link);
  const problems: string[] = [];
  for (const [path, one] of locked) {
    // A binary for another platform has no licence in the lockfile; the package that depends on it has one.
    if (one.license === undefined && one.optional) continue;
    const allowed = one.dev ? ALLOWED_FOR_TOOLS : ALLOWED;
    if (!termsOf(one).every((terms) => allowed.has(terms)))
      problems.push(
        `${nameOf(path)} has the licence ${one.license ?? 'none'}, which is not on the list in scripts/check/supply-chain.ts`,
      );
  }
  const withScripts = locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path));
  // A name in allowScripts allows the packages of all platforms.
  const family = (name: string) => name.replace(/\/(linux|darwin|windows|win32)-\w+$/, '/*');
  const allowedFamilies = new Set(Object.keys(allowScripts).map(family));
  for (const name of new Set(withScripts))
    if (!allowedFamilies.has(family(name)))
      problems.push(
        `${name} runs a script when it is installed: allow it by name in allowScripts of package.json, or do without it`,
      );
  const copies = locked.filter(([path]) => nameOf(path) === 'graphql');
  if (copies.length !== 1)
    problems.push(`There are ${copies.length} copies of graphql: ${copies.map(([path]) => path).join(', ')}`);
  return problems;
}

export async function checkSupplyChain(root: string): Promise<Outcome> {
  const lockfile = JSON.parse(await readFile(`${root}/package-lock.json`, 'utf8')) as Lockfile;
  const { allowScripts } = JSON.parse(await readFile(`${root}/package.json`, 'utf8'));
  const problems = supplyChainProblems(lockfile, allowScripts);
  return { state: problems.length === 0 ? 'ok' : 'failed', output: problems.join('\n') };
}

type Component = { 'bom-ref': string; name: string; version: string; properties?: { name: string; value: string }[] };
type Bill = { bomFormat?: string; components: Component[]; dependencies: { ref: string; dependsOn?: string[] }[] };

const isForDevelopment = ({ properties = [] }: Component): boolean =>
  properties.some(({ name, value }) => name === 'cdx:npm:package:development' && value === 'true');

/** `npm sbom --omit dev` won't do: it also omits what a development package depends on, such as graphql and zod. */
export function shippedPart(bill: Bill): Bill {
  const components = bill.components.filter((component) => !isForDevelopment(component));
  const left = new Set(bill.components.filter(isForDevelopment).map((component) => component['bom-ref']));
  const dependencies = bill.dependencies
    .filter(({ ref }) => !left.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => !left.has(one)) }));
  return { ...bill, components, dependencies };
}

/** Writes the bill of materials (CycloneDX) of the shipped packages from the lockfile, and fails when one is missing. */
export async function writeBillOfMaterials(root: string): Promise<Outcome> {
  const target = process.env.SBOM_FILE || `${root}/.frontrow/sbom.cdx.json`;
  // With NODE_ENV=production, which a build of the client sets, npm would leave out what development packages share.
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--include=dev', '--loglevel=error'];
  const { stdout } = await run('npm', args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  const bill = shippedPart(JSON.parse(stdout) as Bill);
  const listed = new Set(bill.components.map(({ name, version }) => `${name}@${version}`));
  const { packages } = JSON.parse(await readFile(`${root}/package-lock.json`, 'utf8')) as Lockfile;
  const missing = Object.entries(packages)
    .filter(([path, { link, dev, optional, devOptional }]) => path !== '' && !link && !dev && !optional && !devOptional)
    // The workspaces are parts of this product and not packages that it takes in.
    .filter(([path]) => /^(vendor|node_modules)\/|\/node_modules\//.test(path))
    .map(([path, { version }]) => `${nameOf(path)}@${version}`)
    .filter((one) => !listed.has(one));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, `${JSON.stringify(bill, null, 2)}\n`);
  if (bill.bomFormat !== 'CycloneDX' || missing.length > 0)
    return { state: 'failed', output: `The bill of materials lacks ${missing.join(', ') || 'its format'}` };
  return { state: 'ok', output: `${listed.size} packages in ${target.replace(`${root}/`, '')}` };
}
