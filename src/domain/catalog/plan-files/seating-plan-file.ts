import type { SeatingPlanDraft } from '../layout.ts';
import { readCsvPlan, writeCsvPlan } from './csv-plan.ts';
import { readFrontrowPlan, writeFrontrowPlan } from './frontrow-plan.ts';
import { type PlanProblem, PlanProblems } from './plan-problems.ts';
import { readPretixPlan } from './pretix-plan.ts';
import { readSeatsioPlan } from './seatsio-plan.ts';
import { decodeText, NOT_UTF8 } from './utf8-text.ts';

export type SeatingPlanFormat = 'FRONTROW' | 'PRETIX' | 'SEATSIO' | 'CSV';

/** The whole plan of a file, with what its owner should look at; or all that is wrong with the file. */
export type SeatingPlanFile =
  | { readonly plan: SeatingPlanDraft; readonly warnings: readonly PlanProblem[] }
  | { readonly problems: readonly PlanProblem[] };

const readers: Readonly<
  Record<SeatingPlanFormat, (text: string, problems: PlanProblems) => SeatingPlanDraft | undefined>
> = {
  FRONTROW: readFrontrowPlan,
  PRETIX: readPretixPlan,
  SEATSIO: (text, problems) => readSeatsioPlan(text, problems)?.draft,
  CSV: readCsvPlan,
};

/**
 * Reads the seating plan of a file: everything that is in it, or nothing. Labels are in Unicode's form NFC and without
 * surrounding blanks, so labels that look alike are equal. A pure function; it throws nothing.
 */
export function readSeatingPlanFile(bytes: Uint8Array, format: SeatingPlanFormat): SeatingPlanFile {
  const problems = new PlanProblems();
  const text = decodeText(bytes);
  if (text === undefined) problems.add({ path: 'the file' }, NOT_UTF8);
  const plan = text === undefined ? undefined : readers[format](text, problems);
  return plan && problems.isEmpty ? { plan, warnings: problems.warnings } : { problems: problems.list() };
}

/** Writes a plan to a file that `readSeatingPlanFile` reads back: the same plan, or for CSV the same seats. */
export function writeSeatingPlanFile(plan: SeatingPlanDraft, format: 'FRONTROW' | 'CSV'): string {
  return format === 'CSV' ? writeCsvPlan(plan) : writeFrontrowPlan(plan);
}
