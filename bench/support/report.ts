import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { figure } from '#test/support/system/figures.ts';
import { describeLoad, describeMachine, versionsOf } from './machine.ts';

export type Table = { readonly title: string; readonly head: readonly string[]; readonly rows: readonly string[][] };
export type Goal = { readonly name: string; readonly goal: number; readonly measured: number };

export type Report = {
  readonly question: string;
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
  /** Broken promises: if there are any, the figures are worthless and the run fails. */
  readonly violations?: readonly string[];
  /** How it was measured, and what the reader must know to trust it. */
  readonly notes: readonly string[];
  readonly packages: readonly string[];
  readonly servers: readonly string[];
};

export type BenchOptions = {
  /** A short run to see that the bench works; never appended to RESULTS.md. */
  readonly quick: boolean;
  /** Only the scenarios with this in their name; not appended either. */
  readonly only: string | undefined;
  /** A folder for CPU profiles of Frontrow's processes. Profiling makes the figures worthless. */
  readonly profile: string | undefined;
  /** The number of fans, where it can be chosen; not appended either. */
  readonly fans?: number | undefined;
  /** The number of events, likewise. */
  readonly events?: number | undefined;
  /** How long each level of load lasts, where it can be chosen; a run of less than 10 s is not appended. */
  readonly seconds?: number | undefined;
  /** A commit that is checked out and measured in the same run, where the bench can do so. */
  readonly baseline?: string | undefined;
  /** Measures the product with its event log on Kafka as well, where the bench can do so. */
  readonly kafka?: boolean | undefined;
};

/** Runs the bench and prints its report; a full run is also appended to RESULTS.md. */
export async function publish(name: string, run: () => Promise<Report>, options: BenchOptions): Promise<void> {
  const load = describeLoad();
  const report = await run();
  const text = textOf(name, report, { ...options, load });
  console.log(text);
  if (report.violations && report.violations.length > 0) process.exitCode = 1;
  if (
    process.exitCode === 1 ||
    options.fans !== undefined ||
    options.events !== undefined ||
    (options.seconds ?? 60) < 10 ||
    options.quick ||
    options.only !== undefined ||
    options.profile !== undefined
  )
    return;
  const file = new URL('../RESULTS.md', import.meta.url);
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known === undefined) await writeFile(file, '# Results\n');
  await appendFile(file, `\n${text}`);
}

function textOf(
  name: string,
  report: Report,
  { quick, baseline, kafka, seconds, load }: BenchOptions & { load: string },
): string {
  const lines = [
    `## ${name}, ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC${quick ? ' (quick: too short to quote)' : ''}`,
    '',
    report.question,
    '',
    `- Command: \`npm run bench -- ${name}${quick ? ' --quick' : ''}${baseline ? ` --baseline ${baseline}` : ''}${kafka ? ' --kafka' : ''}${seconds ? ` --seconds ${seconds}` : ''}\``,
    `- Machine: ${describeMachine()}; ${load}`,
    `- Versions: ${[`node ${process.versions.node}`, ...versionsOf(report.packages)].join(', ')}`,
    ...report.servers.map((server) => `- ${server}`),
    ...report.notes.map((note) => `- ${note}`),
    '',
    ...report.tables.flatMap(markdownTable),
    ...(report.goals.length > 0 ? markdownTable(goalsTable(report.goals)) : []),
    ...(report.violations ?? []).map((violation) => `BROKEN: ${violation}`),
    ...(report.violations?.length === 0 ? ['Broken promises: none.'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

const goalsTable = (goals: readonly Goal[]): Table => ({
  title: 'Against the goals',
  head: ['what', 'goal', 'measured', ''],
  rows: goals.map(({ name: what, goal, measured }) => [
    what,
    `${goal}x`,
    `${figure(measured)}x`,
    measured >= goal ? 'met' : 'missed',
  ]),
});

function markdownTable({ title, head, rows }: Table): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `**${title}**`,
    '',
    line(head),
    line(head.map((_, index) => (index === 0 ? '---' : '---:'))),
    ...rows.map(line),
    '',
  ];
}
