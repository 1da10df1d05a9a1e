import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { mails } from '#db/tables/account.ts';

/** The worker `send-mails` sends the mail if and only if this transaction commits. */
export async function appendMail(tx: Tx, mail: { kind: 'GUEST_RECOVERY'; recipient: string }): Promise<void> {
  await tx.insert(mails).values({ id: randomUUIDv7(), ...mail });
}

export type ClaimedMail = { readonly id: string; readonly recipient: string; readonly tries: number };

/** How long a process has for one mail before another process takes it over. */
const CLAIM_SECONDS = 120;

/** The mail that is due first, for this process alone. `tries` includes this one. */
export async function claimDueMail(tx: Tx): Promise<ClaimedMail | undefined> {
  const [mail] = await tx.execute<ClaimedMail>(sql`
    update mails set tries = tries + 1, next_try_at = now() + make_interval(secs => ${CLAIM_SECONDS})
    where id = (select id from mails where next_try_at <= now() order by next_try_at limit 1 for update skip locked)
    returning id, recipient::text as recipient, tries`);
  return mail;
}

export async function deleteMail(tx: Tx, { id }: ClaimedMail): Promise<void> {
  await tx.execute(sql`delete from mails where id = ${id}`);
}

export async function tryMailLater(tx: Tx, { id }: ClaimedMail, seconds: number): Promise<void> {
  await tx.execute(sql`update mails set next_try_at = now() + make_interval(secs => ${seconds}) where id = ${id}`);
}
