import { type SQL, sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import type { EventDocument } from '#search/event-collection.ts';
import { NORMAL_FORM } from '#search/normal-form/fold.ts';
import { canBeFound, findDocuments } from './index-queries.ts';

type Needs = { db: Db };

const BATCH = 200;

/**
 * Writes the words by which PostgreSQL finds these events; deletes those of events that can no longer be found. An
 * older version never replaces a newer one, so concurrent callers need no lock.
 */
export async function writeSearchWords({ db }: Needs, eventIds: readonly string[]): Promise<void> {
  for (let start = 0; start < eventIds.length; start += BATCH) {
    const ids = eventIds.slice(start, start + BATCH);
    const documents = await findDocuments({ db }, ids);
    await upsert(db, documents);
    const found = new Set(documents.map(({ id }) => id));
    await forget(
      db,
      ids.filter((id) => !found.has(id)),
    );
  }
}

/**
 * Writes the words that are missing, of another version than their event, or in another normal form. Returns how
 * many.
 */
export async function refreshSearchWords({ db }: Needs): Promise<number> {
  await forgetEnded(db);
  let written = 0;
  for (let after: string | undefined; ; ) {
    const stale = await findStale(db, after);
    if (stale.length > 0) await writeSearchWords({ db }, stale);
    written += stale.length;
    after = stale.at(-1);
    if (stale.length < BATCH) return written;
  }
}

/** Each event is read once for all batches, because both tables are read by their ids from `after` on. */
async function findStale(db: Db, after: string | undefined): Promise<string[]> {
  const behind = (id: SQL) => (after === undefined ? sql`true` : sql`${id} > ${after}::uuid`);
  const rows = await db.execute<{ id: string }>(sql`
    select e.id from events e
    left join event_search_words w on w.event_id = e.id and ${behind(sql`w.event_id`)}
    where ${canBeFound} and ${behind(sql`e.id`)}
      and (w.version, w.normal_form) is distinct from (e.updated_version, ${NORMAL_FORM}::text)
    order by e.id limit ${BATCH}`);
  return rows.map(({ id }) => id);
}

/** Writes the words of those documents whose words are missing, of another version, or in another normal form. */
export async function writeWordsOf({ db }: Needs, documents: readonly EventDocument[]): Promise<void> {
  const versions = documents.map(({ id, updated_version: version }) => ({ id, version }));
  const rows = await db.execute<{ id: string }>(sql`
    select r.id from jsonb_to_recordset(${JSON.stringify(versions)}::jsonb) as r(id uuid, version bigint)
    left join event_search_words w on w.event_id = r.id
    where (w.version, w.normal_form) is distinct from (r.version, ${NORMAL_FORM}::text)`);
  const stale = new Set(rows.map(({ id }) => id));
  await upsert(
    db,
    documents.filter(({ id }) => stale.has(id)),
  );
}

async function upsert(db: Db, documents: readonly EventDocument[]): Promise<void> {
  if (documents.length === 0) return;
  await db.execute(sql`
    insert into event_search_words as old (event_id, version, normal_form, words, names, place, city_keys)
    select id, version, ${NORMAL_FORM}, array_to_tsvector(array(select jsonb_array_elements_text(words))), names, place,
           array(select jsonb_array_elements_text(city_keys))
    from jsonb_to_recordset(${JSON.stringify(documents.map(rowOf))}::jsonb)
      as r(id uuid, version bigint, words jsonb, names text, place text, city_keys jsonb)
    on conflict (event_id) do update set
      version = excluded.version, normal_form = excluded.normal_form, words = excluded.words, names = excluded.names,
      place = excluded.place, city_keys = excluded.city_keys
    where excluded.version >= old.version`);
}

function rowOf(document: EventDocument) {
  const names = `${document.title_words} ${document.performers_words}`.trim();
  const place = `${document.venue_words} ${document.city_words}`.trim();
  const words = new Set(`${names} ${place} ${document.description_words}`.split(' ').filter(Boolean));
  const { id, updated_version: version, city_keys } = document;
  return { id, version, words: [...words], names, place, city_keys };
}

async function forget(db: Db, eventIds: readonly string[]): Promise<void> {
  if (eventIds.length === 0) return;
  await db.execute(sql`
    delete from event_search_words
    where event_id in (select value::uuid from jsonb_array_elements_text(${JSON.stringify(eventIds)}::jsonb))
      and not exists (select from events e where e.id = event_id and ${canBeFound})`);
}

async function forgetEnded(db: Db): Promise<void> {
  await db.execute(sql`
    delete from event_search_words where not exists (select from events e where e.id = event_id and ${canBeFound})`);
}
