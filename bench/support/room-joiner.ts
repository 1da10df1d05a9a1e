import { openDb } from '#db/client.ts';
import { openJoins } from '#domain/waiting-room/joins.ts';
import { userIdOf } from '#test/fans/room-crowd/viewers.ts';
import { answerParent } from '#test/support/system/parent.ts';
import { Durations } from './rounds.ts';
import { openStockRoom } from './stock-room.ts';

/** Lets fans join a waiting room below GraphQL, as an api process does or in the stock way; a process of its own. */

export type JoinQuestion =
  | { kind: 'open'; side: 'ours' | 'stock'; databaseUrl: string; redisUrl: string }
  /** The fans with the numbers from `from` on, `callers` at a time. */
  | { kind: 'join'; eventId: string; from: number; count: number; callers: number };
export type JoinFigures = { seconds: number; answered: number; p50Ms: number; p99Ms: number };

type Join = (eventId: string, userId: string) => Promise<void>;

let join: Join | undefined;

answerParent<JoinQuestion>(async (question, tell) => {
  if (question.kind === 'open') {
    join = question.side === 'ours' ? openOurs(question.databaseUrl) : openStockRoom(question.redisUrl).join;
    return {};
  }
  if (!join) throw new Error('No side is open.');
  return await joinAll(join, question, tell);
});

function openOurs(databaseUrl: string): Join {
  const joins = openJoins({ db: openDb({ url: databaseUrl, poolMax: 10, name: 'bench-joins' }) });
  return async (eventId, userId) => {
    const answer = await joins.join(eventId, userId);
    if (answer.kind !== 'joined' || !answer.isNew) throw new Error(`A join was answered with ${answer.kind}.`);
  };
}

async function joinAll(
  join: Join,
  { eventId, from, count, callers }: Extract<JoinQuestion, { kind: 'join' }>,
  tell: (moment: string) => void,
): Promise<JoinFigures> {
  const durations = new Durations();
  let next = from;
  const call = async () => {
    while (next < from + count) {
      const userId = userIdOf(next++);
      const askedAt = performance.now();
      await join(eventId, userId);
      durations.add(performance.now() - askedAt);
    }
  };
  tell('begin');
  const beganAt = performance.now();
  await Promise.all(Array.from({ length: callers }, call));
  const seconds = (performance.now() - beganAt) / 1000;
  tell('end');
  return { seconds, answered: count, ...durations.summary() };
}
