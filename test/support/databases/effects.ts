import { sql as statement } from 'drizzle-orm';
import postgres from 'postgres';
import { closeDb, openDb } from '#db/client.ts';
import { onceFor } from '#db/inbox.ts';
import { inTransaction } from '#db/transaction.ts';
import type { EventLog, Message, NewMessage } from '#events/log/log.ts';

/** The effects of consumers on a booking database: a row for each effect, written with its inbox mark. */
export async function createEffects(url: string) {
  const sql = postgres(url, { max: 2, onnotice: () => undefined });
  await sql`create table effects (number bigint generated always as identity, consumer text, message_id text, key text)`;
  const read = (consumer: string) =>
    sql<{ id: string; key: string }[]>`
      select message_id as id, key from effects where consumer = ${consumer} order by number`;
  return {
    count: async (consumer: string) => (await read(consumer)).length,
    /** Returns the errors: an effect that is missing, duplicated, or before an earlier one of its key. */
    async mistakes(consumer: string, sent: readonly NewMessage[]): Promise<string[]> {
      const done = await read(consumer);
      const lanes = (all: readonly { id: string; key: string }[]) =>
        new Map([...Map.groupBy(all, ({ key }) => key)].map(([key, lane]) => [key, lane.map(({ id }) => id).join()]));
      const found = lanes(done);
      return [...lanes(sent)].flatMap(([key, wanted]) =>
        found.get(key) === wanted ? [] : [`${key}: wanted ${wanted}, found ${found.get(key)}`],
      );
    },
    close: () => sql.end(),
  };
}

export type Consuming = { log: EventLog; url: string; consumer: string; signal: AbortSignal };

/** Consumes with an inbox, as the workers do, until the signal is raised. */
export async function consumeIntoEffects(
  { log, url, consumer, signal }: Consuming,
  onHandled: (message: Message) => void = () => undefined,
): Promise<void> {
  const db = openDb({ url, poolMax: 8, name: 'effects' });
  await log.consume({
    group: consumer,
    topics: ['booking'],
    signal,
    handle: async (message) => {
      await inTransaction(db, 'effect', (tx) =>
        onceFor(tx, { consumer, messageId: message.id }, async () => {
          await tx.execute(
            statement`insert into effects (consumer, message_id, key) values (${consumer}, ${message.id}, ${message.key})`,
          );
        }),
      );
      onHandled(message);
    },
    onTrouble: () => undefined,
  });
  await closeDb(db);
}
