import { boolean, customType, integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

const citext = customType<{ data: string }>({ dataType: () => 'citext' });
const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const instant = (name: string) => timestamp(name, { withTimezone: true });

export const users = pgTable('users', {
  id: uuid('id').primaryKey(),
  email: citext('email').notNull(),
  passwordHash: text('password_hash'),
  displayName: text('display_name').notNull(),
  role: text('role', { enum: ['FAN', 'ORGANIZER', 'ADMIN'] })
    .notNull()
    .default('FAN'),
  isGuest: boolean('is_guest').notNull().default(false),
  createdAt: instant('created_at').notNull().defaultNow(),
  erasedAt: instant('erased_at'),
  paymentsErasedAt: instant('payments_erased_at'),
});

/**
 * A token is used once. A second use after its successor was used, or a late one, ends the whole family: one session.
 */
export const refreshTokens = pgTable('refresh_tokens', {
  id: uuid('id').primaryKey(),
  userId: uuid('user_id').notNull(),
  familyId: uuid('family_id').notNull(),
  tokenHash: bytea('token_hash').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  expiresAt: instant('expires_at').notNull(),
  usedAt: instant('used_at'),
  revokedAt: instant('revoked_at'),
  /** Set for a used token: its successor is derived with it. */
  successorSalt: bytea('successor_salt'),
});

/** Mails that are still to be sent; a row is deleted when its mail is sent. */
export const mails = pgTable('mails', {
  id: uuid('id').primaryKey(),
  kind: text('kind', { enum: ['GUEST_RECOVERY'] }).notNull(),
  recipient: citext('recipient').notNull(),
  tries: integer('tries').notNull().default(0),
  nextTryAt: instant('next_try_at').notNull().defaultNow(),
  createdAt: instant('created_at').notNull().defaultNow(),
});

/** A link of such a mail: works once. */
export const guestRecoveries = pgTable('guest_recoveries', {
  tokenHash: bytea('token_hash').primaryKey(),
  mailId: uuid('mail_id').notNull(),
  userId: uuid('user_id').notNull(),
  expiresAt: instant('expires_at').notNull(),
  usedAt: instant('used_at'),
});
