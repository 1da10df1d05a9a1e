import { type SQL, sql } from 'drizzle-orm';
import { distanceKm } from '#domain/catalog/distance-rules.ts';
import type { Catalogue, City } from './large-catalogue.ts';
import { oneOf, randomFrom } from './large-catalogue.ts';
import { bodyOf, type Question } from './search-questions.ts';
import type { SearchStand } from './search-stand.ts';

type Sample = { readonly request: Question['request']; readonly condition: SQL };

const DAY_MS = 86_400_000;
const SAMPLES = 5;
const RADIUS_KM = 30;
/** The product may count an event that lies up to 200 m outside of the circle. */
const UNSURE_KM = 0.3;

/** Which searches of the API count other events than PostgreSQL, by countries, days and distances. */
export async function wrongCounts(
  { stores: { db } }: SearchStand,
  apiPort: number,
  { catalogue, today }: { catalogue: Catalogue; today: number },
): Promise<string[]> {
  const random = randomFrom(23);
  const wrong: string[] = [];
  for (let index = 0; index < SAMPLES; index++) {
    const city = oneOf(catalogue.cities.slice(0, 300), random);
    const from = new Date(today + Math.floor(random() * 40) * DAY_MS);
    const to = new Date(from.getTime() + 5 * DAY_MS);
    for (const { request, condition } of [inCountry(city, { from, to }), inCircle(catalogue, city)]) {
      const [row] = await db.execute<{ count: number }>(sql`
        select count(*)::int as count from events e join venues v on v.id = e.venue_id
        where e.status = 'PUBLISHED' and greatest(e.starts_at, e.off_sale_at) > now() and ${condition}`);
      const { totalCount, degraded } = await count(apiPort, request);
      if (degraded || totalCount !== row?.count)
        wrong.push(
          `${JSON.stringify(request)}: the API counts ${totalCount}, PostgreSQL ${row?.count}, degraded: ${degraded}.`,
        );
    }
  }
  return wrong;
}

function inCountry({ countryCode }: City, days: { from: Date; to: Date }): Sample {
  return {
    request: { countryCode, startsBetween: days },
    condition: sql`v.country_code = ${countryCode} and e.starts_at >= ${days.from.toISOString()}
      and e.starts_at <= ${days.to.toISOString()}`,
  };
}

/** Around a city, with a radius near 30 km at whose edge is no venue. */
function inCircle({ venues }: Catalogue, near: City): Sample {
  const far = venues.map(({ id, city }) => ({ id, km: distanceKm(near, city) }));
  let radiusKm = RADIUS_KM;
  while (far.some(({ km }) => Math.abs(km - radiusKm) < UNSURE_KM)) radiusKm += UNSURE_KM;
  const ids = far.filter(({ km }) => km < radiusKm).map(({ id }) => id);
  const { latitude, longitude } = near;
  return {
    request: { near: { latitude, longitude }, radiusKm },
    condition: sql`e.venue_id in (select value::uuid from jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`,
  };
}

async function count(port: number, request: Question['request']): Promise<{ totalCount: number; degraded: boolean }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, { method: 'POST', headers, body: bodyOf(request) });
  const text = await response.text();
  const { data } = JSON.parse(text) as { data?: { searchEvents?: { totalCount: number; degraded: boolean } } };
  if (!data?.searchEvents) throw new Error(`A search of the checks failed: ${text.slice(0, 300)}`);
  return data.searchEvents;
}
