import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Sql } from 'postgres';
import { openRawClient } from '#shared/postgres.ts';
import type { Catalogue, NewEvent, Venue } from './large-catalogue.ts';

const LINES_PER_CHUNK = 2_000;

/** Inserts the catalogue's venues and its first events, with a price and free seats for each. */
export async function insertCatalogue(
  { url, organizerId }: { url: string; organizerId: string },
  catalogue: Catalogue,
  count: number,
): Promise<void> {
  const sql = openRawClient({ url, poolMax: 1, name: 'bench-catalogue' });
  try {
    const [own] = await sql`insert into users (id, email, display_name, role)
      values (${organizerId}, 'organizer@example.org', 'Organizer', 'ORGANIZER') returning now() as now`;
    const now: Date = own?.now;
    // The rows refer to each other by construction: a check of each reference would take longer than the insert.
    await sql`set session_replication_role = replica`;
    await copy(
      sql,
      'venues (id, name, city, country_code, latitude, longitude, time_zone, capacity)',
      venueLines(catalogue.venues),
    );
    await sql`insert into seating_plans (id, venue_id, version, seat_count, layout_hash, layout)
      select overlay(id::text placing '3' from 13)::uuid, id, 1, 1000, id::text, '' from venues`;
    const columns =
      'id, organizer_id, venue_id, plan_id, title, description, category, performers, starts_at, on_sale_at, off_sale_at, status, currency, popularity';
    await copy(sql, `events (${columns})`, eventLines(catalogue.events(count), { organizerId, now }));
    await sql`insert into price_tiers (id, event_id, name, price_minor, fee_minor)
      select md5(id::text)::uuid, id, 'Standing', 1000 + 100 * abs(hashtext(id::text) % 200), 250 from events`;
    await sql`insert into seat_inventories (event_id, capacity, available) select id, 1000, 1000 from events`;
    await sql`analyze`;
  } finally {
    await sql.end();
  }
}

async function copy(sql: Sql, into: string, lines: Iterable<string>): Promise<void> {
  const target = await sql.unsafe(`copy ${into} from stdin`).writable();
  await pipeline(Readable.from(chunksOf(lines)), target);
}

function* chunksOf(lines: Iterable<string>): Generator<string> {
  let chunk: string[] = [];
  for (const line of lines) {
    chunk.push(line);
    if (chunk.length === LINES_PER_CHUNK) {
      yield chunk.join('');
      chunk = [];
    }
  }
  yield chunk.join('');
}

const lineOf = (values: readonly (string | number)[]): string =>
  `${values.map((value) => String(value).replace(/[\\\t\n]/g, ' ')).join('\t')}\n`;

function* venueLines(venues: readonly Venue[]): Generator<string> {
  for (const { id, name, city } of venues)
    yield lineOf([id, name, city.name, city.countryCode, city.latitude, city.longitude, 'UTC', 1000]);
}

function* eventLines(
  events: Iterable<NewEvent>,
  { organizerId, now }: { organizerId: string; now: Date },
): Generator<string> {
  const onSaleAt = new Date(now.getTime() - 3_600_000).toISOString();
  const today = Math.floor(now.getTime() / 86_400_000) * 86_400_000;
  for (const { id, venue, title, description, category, performers, startsInMinutes, popularity } of events) {
    const startsAt = new Date(today + startsInMinutes * 60_000).toISOString();
    const names = `{${performers.map((name) => `"${name.replaceAll('"', '')}"`).join(',')}}`;
    yield lineOf([
      id,
      organizerId,
      venue.id,
      venue.planId,
      title,
      description,
      category,
      names,
      startsAt,
      onSaleAt,
      startsAt,
      'PUBLISHED',
      'EUR',
      popularity,
    ]);
  }
}
