import type { Reply } from '#test/fans/lean-graphql.ts';
import type { Result } from '../recorded-fan.ts';
import type { Tally } from './tally.ts';

/** What an answer of the API means. An error that no client may ever get is a problem of the run. */
export function judge(reply: Reply, tally: Tally, mayFail: readonly string[] = []): Result {
  if (reply.kind === 'lost') return { outcome: 'unknown', code: reply.why };
  if (reply.kind === 'error') {
    if (reply.code !== 'TEMPORARILY_UNAVAILABLE' && !mayFail.includes(reply.code))
      tally.problem(`The API answered ${reply.code}, request ${reply.requestId}.`);
    return { outcome: 'unknown', code: reply.code, afterMs: reply.afterSeconds * 1000 };
  }
  const [field] = Object.values(reply.data) as (Refusal | null)[];
  if (field?.code === undefined) return { outcome: 'ok', data: reply.data };
  const outcome = field.code === 'TRY_AGAIN' ? 'unknown' : 'refused';
  return { outcome, code: field.code, afterMs: (field.retry?.afterSeconds ?? 0) * 1000, data: reply.data };
}

type Refusal = { code?: string; retry?: { afterSeconds: number | null } };
