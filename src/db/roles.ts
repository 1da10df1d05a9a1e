import { readFile } from 'node:fs/promises';
import { openRawClient, withoutAnswerTimeout } from '#shared/postgres.ts';

const ROLES = ['frontrow_owner', 'frontrow_app', 'frontrow_payments', 'frontrow_relay'] as const;
type Role = (typeof ROLES)[number];
const sqlOf = (name: string): Promise<string> =>
  readFile(new URL(`../../deploy/postgres/${name}.sql`, import.meta.url), 'utf8');

/**
 * Creates the roles of deploy/postgres/roles.sql, or updates them, with these passwords. `url`: of a superuser, in
 * one of the two databases.
 */
export async function createRoles(
  { url, folder }: { url: string; folder: 'booking' | 'payments' },
  passwords: Readonly<Record<Role, string>>,
): Promise<void> {
  const client = openRawClient({ url, poolMax: 1, name: 'frontrow-roles' });
  try {
    await client.begin(async (tx) => {
      if (folder === 'booking') await tx.unsafe(await sqlOf('booking-extensions'));
      await tx.unsafe(await sqlOf('roles'));
      for (const role of ROLES) {
        const [made] = await tx<{ statement: string }[]>`
          select format('alter role %I password %L', ${role}::text, ${passwords[role]}::text) as statement`;
        await tx.unsafe(made?.statement ?? '');
      }
    });
  } finally {
    await client.end({ timeout: 5 });
  }
}

/** Grants the roles their rights to the existing tables. Returns false for a system without roles of its own. */
export async function grantRights({ url, folder }: { url: string; folder: 'booking' | 'payments' }): Promise<boolean> {
  const client = openRawClient({ url, poolMax: 1, name: 'frontrow-migrate' }, withoutAnswerTimeout);
  try {
    const found = await client`select from pg_roles where rolname = any(${[...ROLES]})`;
    if (found.length < ROLES.length) return false;
    const grants = await sqlOf(`${folder}-grants`);
    // In one transaction, so that no role is without rights between a revoke and its grant.
    await client.begin((tx) => tx.unsafe(grants));
    return true;
  } finally {
    await client.end({ timeout: 5 });
  }
}
