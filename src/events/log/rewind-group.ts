import { openRawClient } from '#shared/postgres.ts';

/**
 * Delivers once more to a consumer group of the log in PostgreSQL everything that was appended at `since` or later;
 * skips nothing that the group has not read yet. Its inbox leaves out what it remembers. Returns how many messages
 * come again.
 */
export async function rewindGroup(url: string, group: string, since: Date): Promise<number> {
  const sql = openRawClient({ url, name: 'frontrow-rewind' });
  try {
    const [row] = await sql<{ messages: number }[]>`
      with first as (
        select c.topic, c.partition, c."offset" as before, min(m."offset") as "offset"
        from event_log.positions c join event_log.messages m using (topic, partition)
        where c.consumer_group = ${group} and m.appended_at >= ${since} and m."offset" < c."offset"
        group by c.topic, c.partition, c."offset"
      ), moved as (
        update event_log.positions c set "offset" = first."offset" from first
        where c.consumer_group = ${group} and c.topic = first.topic and c.partition = first.partition
        returning first.before - first."offset" as messages
      )
      select coalesce(sum(messages), 0)::int as messages from moved`;
    return row?.messages ?? 0;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
