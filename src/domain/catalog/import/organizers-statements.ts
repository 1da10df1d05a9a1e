import type { TransactionSql } from 'postgres';
import { IMPORTED_ORGANIZATION_ID } from '#db/tables/catalog.ts';
import type { OrganizerRecord } from './catalog-records.ts';
import { ImportRefused } from './import-refused.ts';
import { nameBasedId } from './name-based-id.ts';

type Account = { id: string; isOwn: boolean };

/**
 * The account of a file's organizer, which is made when it does not exist. It has no password, so it is impossible to
 * sign in to it. It is an owner of the organization of imported data. Organizers are told apart by their e-mail address: two of one name are two accounts. Throws
 * ImportRefused when the address belongs to an account that an import did not make.
 */
export async function ensureOrganizer(
  tx: TransactionSql,
  file: string,
  { key, email, displayName }: OrganizerRecord,
): Promise<string> {
  const [holder] = await tx<Account[]>`
    select id, password_hash is null and role = 'ORGANIZER' as "isOwn" from users where email = ${email} and not is_guest`;
  if (holder?.isOwn) {
    await tx`update users set display_name = ${displayName} where id = ${holder.id} and display_name <> ${displayName}`;
    return holder.id;
  }
  // Anyone can sign up with an address that is not theirs, so the account that has it does not become the organizer.
  if (holder)
    throw new ImportRefused(file, [
      {
        record: `organizer ${displayName}`,
        reason: `the e-mail address ${email} belongs to an account that an import did not make: give the organizer another address`,
      },
    ]);
  const [namesake] = await tx`select 1 from users where id = ${nameBasedId(key)}`;
  const id = nameBasedId(namesake ? `${key}/${email.toLowerCase()}` : key);
  await tx`insert into users (id, email, display_name, role) values (${id}, ${email}, ${displayName}, 'ORGANIZER')`;
  await tx`
    insert into organization_members (organization_id, user_id, role)
    values (${IMPORTED_ORGANIZATION_ID}, ${id}, 'OWNER')`;
  return id;
}
