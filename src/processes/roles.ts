import { parseRolesConfig } from '#config/tools.ts';
import { createRoles } from '#db/roles.ts';
import { configured } from './configured.ts';

const { bookingUrl, paymentsUrl, passwords } = configured(() => parseRolesConfig(process.env));
// One after the other, because on one server both databases have the same roles.
await createRoles({ url: bookingUrl, folder: 'booking' }, passwords);
await createRoles({ url: paymentsUrl, folder: 'payments' }, passwords);
console.log(`${Object.keys(passwords).join(', ')}: created or updated in both databases`);
