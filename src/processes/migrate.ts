import { parseMigrateConfig } from '#config/tools.ts';
import { migrate } from '#db/migrate.ts';

const config = parseMigrateConfig(process.env);
const log = (line: string) => console.log(line);
const booking = await migrate({ url: config.bookingUrl, folder: 'booking', log });
const payments = await migrate({ url: config.paymentsUrl, folder: 'payments', log });
console.log(`${booking.applied.length + payments.applied.length} migrations applied`);
