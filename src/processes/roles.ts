import { parseRolesConfig } from '#config/tools.ts';
import { createRoles } from '#db/roles.ts';
import { configured } from './configured.ts';

const { bookingUrl, paymentsUrl, passwords } = configured(() => parseRolesConfig(process.env));
// One after the other: on one server both speak of the same roles.
await createRoles({ url: bookingUrl, folder: 'booking' }, passwords);
await createRoles({ url: paymentsUrl, folder: 'payments' }, passwords);
console.log(`${Object.keys(passwords).join(', ')}: made, or brought up to date, in both databases`);
