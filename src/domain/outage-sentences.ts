import { type Outage, type OutageCause, outageOf, type Store } from './outages.ts';

/** The names of the settings for a store's address and its credentials. */
export type StoreSettings = { readonly address: string; readonly credentials?: string };

type Sentence = (settings: Required<StoreSettings>) => string;

/** What is wrong, followed by the reported detail; and what to do about it. */
const SENTENCES: Readonly<Record<OutageCause, readonly [Sentence, Sentence]>> = {
  'name-resolution': [
    ({ address }) => `The host name in ${address} has no address`,
    ({ address }) => `Correct the host name in ${address}, or the name server of this machine.`,
  ],
  unreachable: [
    ({ address }) => `No server answers at the address in ${address}`,
    ({ address }) => `Start the server, or correct the host and the port in ${address}.`,
  ],
  credentials: [
    ({ credentials }) => `The server refuses the user, password or key in ${credentials}`,
    ({ credentials }) => `Correct ${credentials}, or the login on the server.`,
  ],
  permission: [
    ({ credentials }) => `The user or key in ${credentials} lacks a permission`,
    () => 'Grant the permission on the server.',
  ],
  'missing-database': [
    ({ address }) => `The database that ${address} names does not exist`,
    ({ address }) => `Create the database and run the migrations, or correct its name in ${address}.`,
  ],
  'missing-schema': [
    ({ address }) => `The database of ${address} lacks a table, a column or a function`,
    () => 'Run the migrations: npm run migrate.',
  ],
  tls: [
    ({ address }) => `The TLS connection to the server of ${address} fails`,
    ({ address }) =>
      `Check its certificate: the date, the host name in ${address}, and that this process trusts its CA (NODE_EXTRA_CA_CERTS).`,
  ],
  'disk-full': [
    ({ address }) => `The disk of the server of ${address} is full`,
    () => 'Free some space on the disk, or give the server a larger one.',
  ],
  storage: [
    ({ address }) => `The server of ${address} can't read or write its files`,
    () => 'Check the log and the disk of the server.',
  ],
  'out-of-memory': [
    ({ address }) => `The server of ${address} has no memory left`,
    () => 'Give the server more memory, or let it use less.',
  ],
  'too-many-connections': [
    ({ address }) => `The server of ${address} has reached its limit of connections`,
    () => 'Lower DATABASE_POOL_MAX or the number of processes, or raise the limit of the server.',
  ],
  'read-only': [
    ({ address }) => `The server of ${address} refuses writes`,
    ({ address }) => `It is a standby. Set ${address} to the primary, or promote the standby.`,
  ],
  'not-ready': [
    ({ address }) => `The server of ${address} is starting, stopping or looking for its primary`,
    () => 'It should come back by itself. If it does not, check its log.',
  ],
  busy: [
    ({ address }) => `The server of ${address} is too busy to answer in time`,
    () => 'Look for long transactions and for high load.',
  ],
};

/** The settings per store; `otherwise` is for errors that do not name their store. */
export type SettingsOfStores = Partial<Readonly<Record<Store, StoreSettings>>> & { readonly otherwise: StoreSettings };

/**
 * Why a store does not work, with the setting that it concerns and the remedy. Undefined when the error is not an
 * outage.
 */
export function explainOutage(error: unknown, stores: SettingsOfStores): string | undefined {
  const outage = outageOf(error);
  return outage && sentencesOf(outage, (outage.of && stores[outage.of]) ?? stores.otherwise);
}

function sentencesOf({ cause, detail, at }: Outage, { address, credentials = address }: StoreSettings): string {
  const [says, remedy] = SENTENCES[cause];
  const settings = { address, credentials };
  return `${says(settings)} (${at ? `${detail}, ${at}` : detail}). ${remedy(settings)}`;
}
