import { parseMigrateConfig } from '#config/tools.ts';
import { migrate } from '#db/migrate.ts';
import { configured } from './configured.ts';

const config = configured(() => parseMigrateConfig(process.env));
const log = (line: string) => console.log(line);
const booking = await migrate({ url: config.bookingUrl, folder: 'booking', log });
const payments = await migrate({ url: config.paymentsUrl, folder: 'payments', log });
console.log(`${booking.applied.length + payments.applied.length} migrations applied`);
