/**
 * The one table of what may import what. `npm run check` enforces it (boundaries.ts beside this file),
 * docs/architecture.md prints it, and test/architecture.test.ts plants a violation for each row.
 */
export type Boundary = {
  /** The files that the row is about, as patterns below `src`. All rows that match a file hold for it. */
  readonly files: readonly string[];
  /** What they may import, as patterns below `src`. The last pattern that matches decides; `!` refuses. */
  readonly may: readonly string[];
  /** Packages that they may not import; `@scope/*` is every package of a scope. */
  readonly withoutPackages?: readonly string[];
  /** Packages of which they may import types alone. */
  readonly withoutValuesOf?: readonly string[];
  readonly because: string;
};

const GRAPHQL = ['graphql', '@pothos/*', 'graphql-yoga', 'graphql-ws', 'graphql-jit'];
const DATABASE = ['postgres', 'drizzle-orm'];
/** Of payments, the other service, only the port that its gateways implement. */
const WITHOUT_PAYMENTS = ['!domain/payments/**', 'domain/payments/gateway.ts'];
/** What both services use of `db`. */
const SHARED_DATABASE = [
  'db/by-key.ts',
  'db/client.ts',
  'db/transaction.ts',
  'db/failpoint.ts',
  'db/outbox.ts',
  'db/inbox.ts',
  'db/pg-errors.ts',
  'db/prepared.ts',
];

/** What every folder may import. A client of the driver is for those that have SQL. */
const SHARED = ['shared/**', '!shared/postgres.ts'];

/** A folder of the domain imports folders that come before it, and files of src/domain itself. */
export const DOMAIN_ORDER = [
  'mail',
  'hoarding',
  'account',
  'organization',
  'accounting',
  'pricing',
  'catalog',
  'inventory',
  'booking',
  'refunds',
  'allocation',
  'waiting-room',
  'cancellation',
  'exports',
] as const;

const domainOrder = DOMAIN_ORDER.map(
  (folder, place): Boundary => ({
    files: [`domain/${folder}/**`],
    may: ['**', '!domain/*/**', ...DOMAIN_ORDER.slice(0, place + 1).map((earlier) => `domain/${earlier}/**`)],
    because: 'the folders of the domain have one order',
  }),
);

export const boundaries: readonly Boundary[] = [
  {
    files: ['processes/**', '!processes/dev/**', '!processes/gateway-sandbox/**', '!processes/gateway-sandbox.ts'],
    may: ['**', '!processes/dev/**', '!processes/gateway-sandbox/**'],
    because: 'the production image has neither `npm start` nor the gateway for development',
  },
  {
    files: ['processes/dev/**', 'processes/gateway-sandbox/**', 'processes/gateway-sandbox.ts'],
    may: ['**'],
    because: 'no other folder imports a process',
  },
  {
    files: ['resources.ts'],
    may: ['**', '!processes/**', '!http/**', '!graphql/**', '!schema/**', '!workers/**'],
    because: 'it opens what the api and the worker need',
  },
  {
    files: ['config/**'],
    may: ['config/**', ...SHARED, 'domain/hoarding/**', 'http/client-address.ts'],
    because: 'settings are read before anything is opened',
  },
  {
    files: ['http/**'],
    may: [
      'http/**',
      'graphql/**',
      'schema/**',
      'domain/**',
      'redis/**',
      'observability/**',
      'listener/**',
      'events/origin.ts',
      ...SHARED,
    ],
    withoutPackages: [...DATABASE, 'typesense'],
    because: 'transport has no SQL',
  },
  {
    files: ['graphql/**'],
    may: ['graphql/**', 'schema/**', 'domain/**', 'observability/**', 'events/origin.ts', ...SHARED],
    withoutPackages: [...DATABASE, 'typesense'],
    because: 'guards know no transport',
  },
  {
    files: ['schema/**'],
    may: ['schema/**', 'domain/**', ...WITHOUT_PAYMENTS, ...SHARED],
    withoutPackages: [...DATABASE, 'ioredis', 'typesense', 'undici'],
    because: 'a resolver calls one domain function',
  },
  {
    files: ['workers/**', '!workers/payments/**'],
    may: [
      ...['workers/**', '!workers/payments/**', 'domain/**', ...WITHOUT_PAYMENTS, 'db/**', '!db/payments/**'],
      ...['redis/**', 'search/**', 'events/**', 'observability/**', 'shared/**'],
    ],
    withoutPackages: GRAPHQL,
    because: 'a worker reads a message, guards it and calls one operation',
  },
  {
    files: ['workers/payments/**'],
    may: [
      ...['workers/**', 'domain/payments/**', 'domain/errors.ts', 'domain/text-rules.ts', 'db/**', '!db/tables/**'],
      ...['redis/**', 'search/**', 'events/**', 'observability/**', 'shared/**'],
    ],
    withoutPackages: GRAPHQL,
    because: 'payments is a service of its own',
  },
  {
    files: ['domain/**', '!domain/payments/**'],
    may: [
      'domain/**',
      ...WITHOUT_PAYMENTS,
      'db/**',
      '!db/payments/**',
      'redis/**',
      'search/**',
      'events/**',
      'shared/**',
    ],
    withoutPackages: GRAPHQL,
    because: 'rules know neither their callers nor GraphQL',
  },
  {
    files: ['domain/payments/**'],
    may: [
      ...['domain/payments/**', 'domain/errors.ts', 'domain/text-rules.ts', 'db/payments/**', ...SHARED_DATABASE],
      ...['events/**', 'shared/**'],
    ],
    withoutPackages: GRAPHQL,
    because: 'payments is a service of its own, with the shared database code and `events/contracts.ts`',
  },
  {
    files: ['domain/**/*-statements.ts'],
    may: ['domain/**', 'db/**', 'events/**', '!events/log/**', ...SHARED],
    withoutPackages: ['ioredis', 'typesense'],
    because: 'code inside a transaction cannot reach the network',
  },
  {
    files: ['domain/**/*-status.ts', 'domain/**/*-rules.ts'],
    may: ['domain/**', ...SHARED],
    withoutPackages: [...DATABASE, 'ioredis'],
    because: 'states and decisions are pure',
  },
  ...domainOrder,
  {
    files: ['domain/*/**', ...DOMAIN_ORDER.map((folder) => `!domain/${folder}/**`), '!domain/payments/**'],
    may: ['**', '!domain/*/**'],
    because: 'a new folder of the domain first gets its place in the order',
  },
  {
    files: ['gateways/**'],
    may: [
      'gateways/**',
      'domain/payments/gateway.ts',
      'domain/gateway-amount-rules.ts',
      'domain/mail/mailer.ts',
      ...SHARED,
    ],
    because: 'an adapter knows its port and the amounts of its provider',
  },
  {
    files: ['db/**'],
    may: ['db/**', 'events/contracts.ts', 'events/origin.ts', 'shared/**'],
    because: 'storage knows the event contract and nothing else',
  },
  { files: ['redis/**'], may: ['redis/**', ...SHARED], because: 'a leaf' },
  { files: ['search/**'], may: ['search/**', ...SHARED], because: 'a leaf' },
  { files: ['events/**'], may: ['events/**', 'shared/**'], because: 'a leaf' },
  {
    files: ['observability/**'],
    may: ['observability/**', 'listener/**', ...SHARED],
    because: 'a leaf, which listens for scrapes',
  },
  { files: ['listener/**'], may: ['listener/**'], because: 'a leaf: how a process listens' },
  {
    files: ['shared/**'],
    may: ['shared/**'],
    withoutPackages: [...GRAPHQL, 'drizzle-orm'],
    because: 'what every folder may import knows no other folder',
  },
  {
    files: ['**', '!shared/postgres.ts', '!db/pg-errors.ts'],
    may: ['**'],
    withoutValuesOf: ['postgres'],
    because: 'every connection begins in `shared/postgres.ts`',
  },
];
