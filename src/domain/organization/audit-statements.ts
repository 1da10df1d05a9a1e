import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import type { Actor } from '../viewer.ts';
import type { OrganizationRole } from './rights-rules.ts';

/** Who made a change. An operator, with a command of the server, has neither an account nor a key. */
export type Author = {
  readonly actor: Actor | undefined;
  readonly role: OrganizationRole | 'ADMIN' | 'OPERATOR';
};

export type AuditedChange = {
  readonly organizationId: string;
  /** The name of the operation, as in GraphQL. */
  readonly operation: string;
  /** What was changed: the name of its GraphQL type, and its raw id. */
  readonly subject: { readonly type: string; readonly id: string };
  /** The changed values; undefined for what did not exist. They contain no personal data. */
  readonly before?: object | undefined;
  readonly after?: object | undefined;
};

/** Writes the audit row of a change, in the transaction of the change. */
export async function appendAudit(tx: Tx, { actor, role }: Author, change: AuditedChange): Promise<void> {
  const userId = actor && 'userId' in actor ? actor.userId : null;
  const accessKeyId = actor && 'accessKeyId' in actor ? actor.accessKeyId : null;
  await tx.execute(sql`
    insert into organizer_audit
      (id, organization_id, user_id, access_key_id, role, operation, subject_type, subject_id, before, after)
    values (${randomUUIDv7()}, ${change.organizationId}, ${userId}, ${accessKeyId}, ${role}, ${change.operation},
      ${change.subject.type}, ${change.subject.id}, ${jsonOf(change.before)}::jsonb, ${jsonOf(change.after)}::jsonb)`);
}

const jsonOf = (value: object | undefined): string | null => (value === undefined ? null : JSON.stringify(value));
