import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { InvalidInput } from '../errors.ts';
import type { Viewer } from '../viewer.ts';
import { requireEmail, requirePassword } from './account-rules.ts';
import { hashPassword } from './passwords.ts';
import { insertUser } from './session-statements.ts';

export type RoleRequest = {
  readonly email: string;
  readonly role: Viewer['role'];
  /** Left out: an account that has one keeps it; else it gets `generated`. */
  readonly password?: string | undefined;
  readonly generated: string;
  /** Raw ids of the events that it becomes the organizer of; `all`: of every event that there is. */
  readonly events: readonly string[] | 'all';
};

export type RoleGranted = {
  readonly email: string;
  readonly isNew: boolean;
  /** Which password it signs in with from now on. */
  readonly password: 'given' | 'generated' | 'kept';
  /** How many events it became the organizer of. */
  readonly events: number;
};

/**
 * For operators: gives the account with this address a role, makes the account when there is none, and hands it events.
 * All or nothing. Another password ends its sessions. Throws InvalidInput, whose field is a property of the request.
 */
export async function grantRole({ db }: { db: Db }, request: RoleRequest): Promise<RoleGranted> {
  const email = requireEmail(request.email);
  if (request.role === 'FAN' && request.events.length > 0)
    throw new InvalidInput('events', 'A fan organizes no events: give the role organizer or admin.');
  const passwordHash = await hashPassword(requirePassword(request.password ?? request.generated));
  return inTransaction(db, 'grantRole', async (tx) => {
    const account = await findAccount(tx, email);
    const keeps = account?.hasPassword === true && request.password === undefined;
    const id =
      account?.id ?? (await insertUser(tx, { email, displayName: nameOf(email), passwordHash, isGuest: false }))?.id;
    if (id === undefined) throw new InvalidInput('email', 'Somebody signs up with this address right now. Try again.');
    await tx.execute(sql`update users set role = ${request.role} where id = ${id}`);
    if (account && !keeps) await replacePassword(tx, id, passwordHash);
    const events = await handOver(tx, id, request.events);
    const password = request.password === undefined ? 'generated' : 'given';
    return { email, isNew: !account, password: keeps ? 'kept' : password, events };
  });
}

const nameOf = (email: string): string => (email.split('@')[0] ?? email).slice(0, 100);

async function findAccount(tx: Tx, email: string) {
  const [account] = await tx.execute<{ id: string; hasPassword: boolean }>(sql`
    select id, password_hash is not null as "hasPassword" from users where email = ${email} and not is_guest for update`);
  return account;
}

async function replacePassword(tx: Tx, id: string, passwordHash: string): Promise<void> {
  await tx.execute(sql`update users set password_hash = ${passwordHash} where id = ${id}`);
  await tx.execute(sql`update refresh_tokens set revoked_at = now() where user_id = ${id} and revoked_at is null`);
}

async function handOver(tx: Tx, id: string, events: readonly string[] | 'all'): Promise<number> {
  if (events.length === 0) return 0;
  const which = events === 'all' ? sql`true` : sql`id in ${[...new Set(events)]}`;
  const handed = await tx.execute<{ id: string }>(
    sql`update events set organizer_id = ${id}, updated_at = now() where ${which} returning id`,
  );
  const known = new Set(handed.map((event) => event.id));
  const missing = events === 'all' ? [] : events.filter((event) => !known.has(event));
  if (missing.length > 0) throw new InvalidInput('events', `There is no event ${missing.join(', ')}.`);
  return handed.length;
}
