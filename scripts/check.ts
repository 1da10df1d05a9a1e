// Everything that can be said about the code without running it. Ends non-zero when one step fails.
import { resolve } from 'node:path';
import { checkAlerts } from './check/alerts.ts';
import { checkBoundaries } from './check/boundaries.ts';
import { checkCompose } from './check/compose.ts';
import { checkLanguage } from './check/language.ts';
import { checkLockfile, checkOneGraphql } from './check/packages.ts';
import { program, type Step } from './check/step.ts';
import { checkSupplyChain, writeBillOfMaterials } from './check/supply-chain.ts';
import { checkWebImports, checkWebTypes } from './check/web.ts';

const root = resolve(import.meta.dirname, '..');
const steps: Step[] = [
  program('format and lint', root, 'biome', 'check', '--error-on-warnings', '--max-diagnostics=50', '.'),
  program('types', root, 'tsc', '--noEmit'),
  { name: 'types of the web client', run: () => checkWebTypes(root) },
  { name: 'imports of the web client', run: () => checkWebImports(root) },
  program('size of the seat map', root, process.execPath, 'scripts/web/size.ts'),
  { name: 'import boundaries', run: () => checkBoundaries(root) },
  program('dead code', root, 'knip', '--no-progress', '--treat-config-hints-as-errors'),
  program('schema and contract', root, process.execPath, 'scripts/check/schema.ts'),
  { name: 'language', run: () => checkLanguage(root) },
  { name: 'compose file', run: () => checkCompose(root) },
  { name: 'lockfile', run: () => checkLockfile(root) },
  { name: 'one copy of graphql', run: () => checkOneGraphql(root) },
  { name: 'supply chain', run: () => checkSupplyChain(root) },
  { name: 'bill of materials', run: () => writeBillOfMaterials(root) },
  { name: 'alerts', run: () => checkAlerts(root) },
];

const counts = { ok: 0, failed: 0, skipped: 0 };
await Promise.all(
  steps.map(async ({ name, run }) => {
    const startedAt = Date.now();
    const { state, output } = await run().catch((error) => ({ state: 'failed' as const, output: String(error) }));
    counts[state] += 1;
    console.log(`${state.padEnd(8)} ${name.padEnd(24)} ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
    if (output !== '') console.log(output.replace(/^/gm, '         '));
  }),
);
console.log(`check: ${counts.ok} ok, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;
