import { parseArgs } from 'node:util';
import { mutants } from '#test/chaos/mutants/all-mutants.ts';
import { mutatedFiles } from '#test/chaos/mutants/mutant.ts';
import { type Caught, controls, runMutant } from '#test/chaos/mutants/run-mutants.ts';
import { openTestServerBroker } from '#test/support/servers/test-server-broker.ts';

// Plants bugs, one at a time, and expects the simulation or a short chaos run to find each of them. It fails when a bug
// is not found, and when a run without a bug reports one.
const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
    at: { type: 'string', default: '2' },
    patience: { type: 'string', default: '1' },
  },
});
const wanted = values.only.flatMap((names) => names.split(','));
const all = [...controls, ...mutants];
const unknown = wanted.filter((name) => !all.some((mutant) => mutant.name === name));
if (unknown.length > 0) {
  console.error(`There is no mutant ${unknown.join(', ')}; --list names them.`);
  process.exit(2);
}
if (values.list) {
  for (const { name, vehicle = 'simulation', bug } of all)
    console.log(`${name.padEnd(32)} ${vehicle.padEnd(10)} ${bug}`);
  process.exit(0);
}
const CAUGHT_WITHIN_SECONDS = 60;

for (const mutant of mutants) await mutatedFiles(mutant);
const broker = await openTestServerBroker();
process.env.TEST_SERVERS_URL = broker.url;
const waiting = all.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const chosen = waiting.filter((mutant) => !controls.includes(mutant));
const failed: string[] = [];
const startedAt = performance.now();
try {
  await Promise.all(Array.from({ length: Math.max(1, Number(values.at)) }, work));
} finally {
  await broker.close();
}
console.log(
  `${chosen.filter(({ name }) => !failed.includes(name)).length} of ${chosen.length} mutants caught in ${seconds(performance.now() - startedAt)}`,
);
if (failed.length > 0) console.log(`failed: ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;

async function work(): Promise<void> {
  for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
    try {
      report(await runMutant(mutant, Number(values.patience)));
    } catch (error) {
      failed.push(mutant.name);
      console.log(`ERROR    ${mutant.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function report({ name, vehicle, by, evidence, seconds: took }: Caught): void {
  const about = `${name.padEnd(32)} ${took.toFixed(1).padStart(5)} s  ${vehicle.padEnd(10)}`;
  const isControl = controls.some((control) => control.name === name);
  const isRight = isControl ? by.length === 0 : by.length > 0 && took <= CAUGHT_WITHIN_SECONDS;
  if (!isRight) failed.push(name);
  if (by.length === 0) console.log(`${isControl ? 'clean   ' : 'SURVIVED'} ${about}`);
  else console.log(`${isRight ? 'caught  ' : 'WRONG   '} ${about}  ${by.join(', ')}: ${evidence}`);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(0)} s`;
}
