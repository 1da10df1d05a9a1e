import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { requireEmail, requirePassword } from '../account/account-rules.ts';
import { hashPassword } from '../account/passwords.ts';
import { insertUser } from '../account/session-statements.ts';
import { InvalidInput } from '../errors.ts';
import type { Viewer } from '../viewer.ts';
import { endMemberships, handOverEvents, type Owned, ownOrganization } from './owner-statements.ts';

export type RoleRequest = {
  readonly email: string;
  readonly role: Viewer['role'];
  /** Undefined: an account that has a password keeps it, another one gets `generated`. */
  readonly password?: string | undefined;
  readonly generated: string;
  /**
   * The operator confirms the account's owner. Otherwise an account that was signed up gets no higher role and no
   * password.
   */
  readonly existing: boolean;
  /** Raw ids of the events that its organization gets; `all`: every existing event. */
  readonly events: readonly string[] | 'all';
  /**
   * The raw id of an existing organization, or the name of a new one. Undefined: the organization that it owns already,
   * or else a new one with the name of the account.
   */
  readonly organization: { readonly id: string } | { readonly name: string } | undefined;
};

export type RoleGranted = {
  readonly email: string;
  /** The former role; undefined for a new account. */
  readonly before: Viewer['role'] | undefined;
  readonly endedSessions: boolean;
  /** The password with which it signs in from now on. */
  readonly password: 'given' | 'generated' | 'kept';
  /** How many events its organization got. */
  readonly events: number;
  /** The organization of which it is an OWNER; undefined for a fan and for an administrator without events. */
  readonly organization: Owned | undefined;
  /** The organizations that it no longer belongs to; `isWithoutOwner`: it was the last owner. */
  readonly left: readonly { readonly id: string; readonly name: string; readonly isWithoutOwner: boolean }[];
};

/**
 * For operators: gives the account with this address a role, makes a missing account, makes it the OWNER of an
 * organization, and gives that organization events. A fan leaves all organizations. All or nothing. Another password and
 * a lower role end its sessions. Throws InvalidInput, whose field is a property of the request.
 */
export async function grantRole({ db }: { db: Db }, request: RoleRequest): Promise<RoleGranted> {
  const email = requireEmail(request.email);
  if (request.role === 'FAN' && (request.events.length > 0 || request.organization))
    throw new InvalidInput('events', 'A fan cannot organize events. Give the role organizer or admin.');
  const passwordHash = await hashPassword(requirePassword(request.password ?? request.generated));
  return inTransaction(db, 'grantRole', async (tx) => {
    const account = await findAccount(tx, email);
    if (account) refuseTakeOver(email, account, request);
    const keeps = account?.hasPassword === true && request.password === undefined;
    const id =
      account?.id ?? (await insertUser(tx, { email, displayName: nameOf(email), passwordHash, isGuest: false }))?.id;
    if (id === undefined)
      throw new InvalidInput('email', 'Another request is signing up with this address right now. Try again.');
    await tx.execute(sql`update users set role = ${request.role} where id = ${id}`);
    if (account && !keeps) await replacePassword(tx, id, passwordHash);
    const given = request.password === undefined ? 'generated' : 'given';
    const endedSessions = account !== undefined && (!keeps || rankOf(request.role) < rankOf(account.role));
    const password = keeps ? 'kept' : given;
    return { email, before: account?.role, endedSessions, password, ...(await organize(tx, id, request)) };
  });
}

async function organize(
  tx: Tx,
  userId: string,
  { role, events, organization: wanted }: RoleRequest,
): Promise<Pick<RoleGranted, 'events' | 'organization' | 'left'>> {
  if (role === 'FAN') return { events: 0, organization: undefined, left: await endMemberships(tx, userId) };
  if (role === 'ADMIN' && events.length === 0 && !wanted) return { events: 0, organization: undefined, left: [] };
  const organization = await ownOrganization(tx, userId, { wanted, events });
  return { organization, left: [], events: await handOverEvents(tx, { userId, organization, events }) };
}

const nameOf = (email: string): string => (email.split('@')[0] ?? email).slice(0, 100);

type Account = { id: string; role: Viewer['role']; hasPassword: boolean; since: string };

async function findAccount(tx: Tx, email: string): Promise<Account | undefined> {
  const [account] = await tx.execute<Account>(sql`
    select id, role, password_hash is not null as "hasPassword", to_char(created_at, 'YYYY-MM-DD') as since
    from users where email = ${email} and not is_guest for update`);
  return account;
}

const rankOf = (role: Viewer['role']): number => ['FAN', 'ORGANIZER', 'ADMIN'].indexOf(role);

/**
 * Anyone can sign up with an address that is not theirs, and would get the role. An imported account has no password.
 */
function refuseTakeOver(email: string, account: Account, request: RoleRequest): void {
  const isHigher = rankOf(request.role) > rankOf(account.role);
  if (request.existing || !account.hasPassword || (!isHigher && request.password === undefined)) return;
  throw new InvalidInput(
    'existing',
    `${email} has an account since ${account.since}, with the role ${account.role.toLowerCase()}. Nothing was changed.
Anyone can sign up with an address that is not theirs. Ask the owner of the address whether the account is theirs.
If it is, run the command again with --existing: the account keeps its password.
If it is not, run it again with --existing and --password <a new one>: that ends the sessions of the account.`,
  );
}

async function replacePassword(tx: Tx, id: string, passwordHash: string): Promise<void> {
  await tx.execute(sql`update users set password_hash = ${passwordHash} where id = ${id}`);
  await tx.execute(sql`update refresh_tokens set revoked_at = now() where user_id = ${id} and revoked_at is null`);
}
