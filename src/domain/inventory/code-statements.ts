import type { Db, Tx } from '#db/client.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import type { CodeState } from './code-rules.ts';
import { StaleRead } from './inventory-write-statements.ts';

type CodeRow = CodeState & { readonly eventId: string };

const CODE_COLUMNS = `c.event_id as "eventId", c.id, encode(c.code_hash, 'hex') as hash, to_json(c.opens) as opens,
  c.discount_percent as "discountPercent", c.discount_minor::float8 as "discountMinor",
  c.uses_per_code as "usesPerCode", c.uses, (extract(epoch from c.valid_from) * 1000)::float8 as "validFromMs",
  (extract(epoch from c.valid_until) * 1000)::float8 as "validUntilMs"`;

/** Codes by the event and the hash. The look-up compares hashes, so its time says nothing about a code. */
export function readCodesByHash(
  tx: Tx | Db,
  of: { eventIds: readonly string[]; values: readonly string[] },
): Promise<readonly CodeRow[]> {
  return prepared<CodeRow>(
    tx,
    `select ${CODE_COLUMNS} from (select distinct event_id, hash from unnest($1::uuid[], $2::text[]) as t (event_id, hash)) as w
     join codes c on c.event_id = w.event_id and c.code_hash = decode(w.hash, 'hex')`,
    [plainArray(of.eventIds), plainArray(of.values)],
  );
}

/** Codes by their ids. */
export function readCodes(tx: Tx, ids: readonly string[]): Promise<readonly CodeRow[]> {
  return prepared<CodeRow>(tx, `select ${CODE_COLUMNS} from codes c where c.id = any($1::uuid[])`, [plainArray(ids)]);
}

/** Throws `StaleRead` when a code has not so many uses left. */
export async function countUses(tx: Tx, uses: ReadonlyMap<string, number>): Promise<void> {
  const changes = [...uses].filter(([, change]) => change !== 0);
  if (changes.length === 0) return;
  const { count } = await prepared(
    tx,
    `update codes c set uses = c.uses + u.change from unnest($1::uuid[], $2::int[]) as u (id, change)
     where c.id = u.id and c.uses + u.change between 0 and c.uses_per_code`,
    [plainArray(changes.map(([id]) => id)), plainArray(changes.map(([, change]) => change))],
  );
  if (count !== changes.length) throw new StaleRead('The uses of a code');
}
