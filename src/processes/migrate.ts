import { parseMigrateConfig } from '#config/tools.ts';
import { migrate } from '#db/migrate.ts';
import { grantRights } from '#db/roles.ts';
import { configured } from './configured.ts';

const config = configured(() => parseMigrateConfig(process.env));
const log = (line: string) => console.log(line);
const databases = [
  { url: config.bookingUrl, folder: 'booking' },
  { url: config.paymentsUrl, folder: 'payments' },
] as const;
let applied = 0;
for (const database of databases) {
  applied += (await migrate({ ...database, log })).applied.length;
  if (await grantRights(database)) log(`${database.folder}: granted the roles their rights`);
}
console.log(`${applied} migrations applied`);
