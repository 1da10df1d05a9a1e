import type { CombinedError } from 'urql';
import { errorText, refusalText } from '../parts/states.tsx';
import type { Texts } from '../texts/en.ts';

/** What is wrong with a form: by the path of the field in the input; the empty path is the form as a whole. */
export type Problems = Readonly<Record<string, string>>;

/** A refusal, with the fields that it names. */
export type Refused = {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
  readonly problems?: readonly { readonly field?: string; readonly path?: string; readonly message: string }[];
};

/** Returns the problems that a refusal names. A field that a form does not have is shown for the whole form. */
export function problemsOf(texts: Texts, refusal: Refused): Problems {
  if (refusal.problems)
    return Object.fromEntries(
      refusal.problems.toReversed().map(({ field, path, message }) => [field ?? path ?? '', message]),
    );
  if (refusal.field !== undefined) return { [refusal.field]: refusal.message };
  return { '': refusalText(texts, refusal) };
}

export const problemsOfError = (texts: Texts, error: CombinedError): Problems => ({ '': errorText(texts, error) });

/** The problems that none of these fields shows. */
export const restOf = (problems: Problems, fields: readonly string[]): string[] =>
  Object.entries(problems)
    .filter(([path]) => !fields.includes(path))
    .map(([, message]) => message);
