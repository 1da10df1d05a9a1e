import { randomUUIDv7 } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { buildLayout } from '../layout.ts';
import { type SectionRow, seatLines, sectionRows } from '../plan-rows.ts';
import type { PlanProblem } from './plan-problems.ts';
import { readSeatingPlanFile, type SeatingPlanFormat, writeSeatingPlanFile } from './seating-plan-file.ts';

const gzipAsync = promisify(gzip);
const gunzipAsync = promisify(gunzip);

/** Work on a plan that takes seconds, for a thread of its own. */
export type PlanTask =
  | { readonly kind: 'read'; readonly bytes: Uint8Array<ArrayBuffer>; readonly format: SeatingPlanFormat }
  | { readonly kind: 'csv'; readonly layout: Uint8Array };

/** A plan with new ids, ready to be inserted. */
export type PreparedPlan = {
  readonly id: string;
  readonly hash: string;
  readonly seatCount: number;
  readonly gzip: Uint8Array;
  readonly sections: readonly SectionRow[];
  readonly seatLines: readonly Uint8Array[];
};

export type PlanTaskResults = {
  /** The plan of a file with warnings, or the problems of the file. */
  readonly read:
    | { readonly plan: PreparedPlan; readonly warnings: readonly PlanProblem[] }
    | { readonly problems: readonly PlanProblem[] };
  /** The plan as CSV, gzipped. */
  readonly csv: Uint8Array;
};

/** Runs the task in this thread. */
export function runPlanTask(task: PlanTask): Promise<PlanTaskResults[PlanTask['kind']]> {
  return task.kind === 'read' ? readPlan(task.bytes, task.format) : csvOf(task.layout);
}

async function readPlan(bytes: Uint8Array, format: SeatingPlanFormat): Promise<PlanTaskResults['read']> {
  const file = readSeatingPlanFile(bytes, format);
  if ('problems' in file) return file;
  const [planId, sectionIds] = [randomUUIDv7(), file.plan.sections.map(() => randomUUIDv7())];
  const content = { planId, sectionIds, draft: file.plan };
  const layout = await buildLayout(content);
  const plan = {
    ...layout,
    id: planId,
    sections: sectionRows(content),
    seatLines: Array.from(seatLines(content), (lines) => Buffer.from(lines)),
  };
  return { plan, warnings: file.warnings };
}

/** A layout is a file of the format FRONTROW. */
async function csvOf(layout: Uint8Array): Promise<Uint8Array> {
  const file = readSeatingPlanFile(await gunzipAsync(layout), 'FRONTROW');
  if ('problems' in file) throw new Error(`a stored layout has problems: ${JSON.stringify(file.problems.slice(0, 5))}`);
  return gzipAsync(writeSeatingPlanFile(file.plan, 'CSV'));
}
