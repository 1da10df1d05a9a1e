import type { TypedDocumentNode } from '@urql/core';
import { useState } from 'react';
import { type AnyVariables, type CombinedError, useMutation } from 'urql';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { type Problems, problemsOf, problemsOfError, type Refused } from './problems.ts';

type Result<Data> = NonNullable<Data[keyof Data]>;

/** What a mutation answered: its success, or the problems to show, and the refusal with what it has beside its text. */
export type Outcome<Data> = {
  readonly done?: Exclude<Result<Data>, { code: unknown }>;
  readonly problems?: Problems;
  readonly refused?: Extract<Result<Data>, { code: unknown }>;
};

const isRefused = (result: object): result is Refused => 'code' in result;

/** Sends a mutation that takes one `input`, and keeps what is wrong with it until the next try. */
export function useAction<Data extends object, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
) {
  const texts = useOrganizerTexts();
  const [{ fetching }, execute] = useMutation(document);
  const [problems, setProblems] = useState<Problems>({});
  const outcomeOf = (data: Data | undefined, error: CombinedError | undefined) => {
    if (error) return { problems: problemsOfError(texts, error) };
    const result = Object.values(data ?? {}).find((value) => typeof value === 'object' && value !== null) ?? {};
    if (!isRefused(result)) return { done: result };
    return { problems: problemsOf(texts, result), refused: result };
  };
  const run = async (variables: Variables): Promise<Outcome<Data>> => {
    const { data, error } = await execute(variables);
    // A refusal is the only member of the union with a code.
    const outcome = outcomeOf(data, error) as Outcome<Data>;
    setProblems(outcome.problems ?? {});
    return outcome;
  };
  return { run, isBusy: fetching, problems, setProblems };
}
