import type { Sql } from 'postgres';
import { GATEWAYS } from '../gateway-amount-rules.ts';

export type GatewayName = (typeof GATEWAYS)[number];

/**
 * Writes down to which gateway payments go, so that every process checks prices against the same rules, also an import
 * that is run by hand without `PAYMENT_GATEWAY`. Changes nothing when the row has this name.
 */
export async function recordGateway(sql: Sql, name: GatewayName): Promise<void> {
  await sql`
    insert into payment_gateway (name) values (${name})
    on conflict (only_row) do update set name = excluded.name, updated_at = now()
    where payment_gateway.name <> excluded.name`;
}

/** Returns the recorded gateway. Returns the sandbox when no gateway was recorded, as payments uses it then. */
export async function findGateway(sql: Pick<Sql, 'unsafe'>): Promise<GatewayName> {
  const [row] = await sql.unsafe<{ name: string }[]>('select name from payment_gateway');
  return GATEWAYS.find((name) => name === row?.name) ?? 'sandbox';
}
