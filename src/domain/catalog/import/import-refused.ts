import type { z } from 'zod';

/** One problem in a file. `record` is its place: `stadium 3 (Lumen Field)`, or `the file` for all of it. */
export type ImportProblem = { record: string; reason: string };

/** A file was refused, with all of its problems; nothing of the file was imported. */
export class ImportRefused extends Error {
  readonly file: string;
  readonly problems: readonly ImportProblem[];

  constructor(file: string, problems: readonly ImportProblem[]) {
    super(
      [`${file}: refused, nothing of it was imported`]
        .concat(problems.map(({ record, reason }) => `  ${record}: ${reason}`))
        .join('\n'),
    );
    this.name = 'ImportRefused';
    this.file = file;
    this.problems = problems;
  }
}

/** Parses the text of a JSON file. Throws ImportRefused when it is not JSON or has another shape at its top level. */
export function parseFile<S extends z.ZodType>(file: string, text: string, shape: S): z.infer<S> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ImportRefused(file, [{ record: 'the file', reason: `not JSON: ${(error as Error).message}` }]);
  }
  const parsed = shape.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new ImportRefused(file, describeIssues(parsed.error, 'the file'));
}

/** The problems that zod found in one record, one per issue. */
export function describeIssues(error: z.ZodError, record: string): ImportProblem[] {
  return error.issues.map(({ path, message }) => ({
    record,
    reason: path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
  }));
}
