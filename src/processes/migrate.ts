import { parseMigrateConfig } from '#config/tools.ts';
import { migrate } from '#db/migrate.ts';
import { grantRights } from '#db/roles.ts';
import { recordGateway } from '#domain/pricing/payment-gateway.ts';
import { openRawClient } from '#shared/postgres.ts';
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
if (config.gateway) {
  const sql = openRawClient({ url: config.bookingUrl, poolMax: 1, name: 'frontrow-migrate' });
  await recordGateway(sql, config.gateway).finally(() => sql.end({ timeout: 5 }));
}
console.log(`${applied} migrations applied`);
