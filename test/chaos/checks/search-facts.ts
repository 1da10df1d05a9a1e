import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { openSearchClient } from '#search/client.ts';
import { openEventIndex } from '#search/event-index.ts';
import type { SearchFacts } from './facts.ts';
import { hashOf } from './search-convergence.ts';

type Sides = { readonly bookingUrl: string; readonly search: { readonly url: string; readonly apiKey: string } };

/** The published and the indexed events, as soon as both are the same, or in their state when the time is over. */
export async function readSearchFacts(sides: Sides, withinMs: number): Promise<SearchFacts> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const facts = { published: await readPublished(sides.bookingUrl), indexed: await readIndexed(sides.search) };
    if (hashOf(facts.published) === hashOf(facts.indexed) || Date.now() > deadline) return facts;
    await sleep(200);
  }
}

async function readPublished(url: string): Promise<Map<string, number>> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    const rows = await sql<{ id: string; version: number }[]>`
      select id, updated_version::float8 as version from events
      where status = 'PUBLISHED' and greatest(starts_at, off_sale_at) > now()`;
    return new Map(rows.map(({ id, version }) => [id, version]));
  } finally {
    await sql.end();
  }
}

async function readIndexed(search: Sides['search']): Promise<Map<string, number>> {
  const client = openSearchClient(search);
  try {
    const versions = await openEventIndex(client).versions(client.names.events);
    return new Map([...versions].map(([id, { updatedVersion }]) => [id, updatedVersion]));
  } finally {
    await client.close();
  }
}
