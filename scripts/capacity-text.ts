// The page docs/reference/capacity-model.md. `npm run capacity:print` writes it; test/capacity-page.test.ts compares.
import { writeFileSync } from 'node:fs';
import { figure } from '#test/support/system/figures.ts';
import {
  ASSUMED,
  coresOf,
  type Demand,
  demandsOf,
  LOAD,
  sizesOf,
  sumOf,
  type Unit,
  unitsOf,
} from './capacity/model.ts';
import { recordedResults } from './capacity/results.ts';

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');

const unitRow = ({ name, bench, process, postgres }: Unit) => [name, `\`${bench}\``, figure(process), figure(postgres)];
const demandRow = (demand: Demand) => {
  const { process, postgres } = coresOf(demand);
  return [demand.name, ...[demand.rate, process, postgres].map(figure)];
};
const totalRow = (name: string, demands: readonly Demand[]) => {
  const { process, postgres } = sumOf(demands);
  return [`**${name}**`, '', ...[process, postgres].map((cores) => `**${figure(cores)}**`)];
};

/** Returns the text of docs/reference/capacity-model.md. */
export function capacityText(): string {
  const results = recordedResults();
  const units = unitsOf(results);
  const { always, onSale } = demandsOf(units);
  const sizes = sizesOf(results, units);
  const head = ['load', 'a second', 'cores of our processes', 'cores of PostgreSQL'];
  return `# Capacity model

Written by \`npm run capacity:print\` from the figures in [bench/RESULTS.md](../../bench/RESULTS.md). It says what the load
that Frontrow is designed for needs: ${figure(LOAD.users)} accounts, ${figure(LOAD.usersADay)} fans a day,
${figure(LOAD.events)} events, ${figure(LOAD.searches)} searches and ${figure(LOAD.reads)} reads a second, ${LOAD.bookings} paid bookings a second on
average, and ${LOAD.onSale} times that during one on-sale. The benches ran on two cores that they shared with their load, so measure
on your own hardware before you buy. The searches are not in the model: the bench of searches was not run at a million events yet.

## What an operation costs

CPU time in microseconds:

${table(['operation', 'bench', 'our processes', 'PostgreSQL'], Object.values(units).map(unitRow))}

## Cores

Each is busy for ${ASSUMED.busy * 100} % of the time.

${table(head, [
  ...always.map(demandRow),
  totalRow('all day', always),
  ...onSale.map(demandRow),
  totalRow('more, during one on-sale', onSale),
])}

## Everything else

${table(
  ['what', 'for the design load'],
  [
    ['processes of one core, an on-sale included', figure(sizes.processes)],
    ['memory of them', `${figure(sizes.processGigabytes)} GB`],
    [`memory of ${figure(ASSUMED.watchers)} watchers of seat maps`, `${figure(sizes.watcherGigabytes)} GB`],
    [`connections to PostgreSQL without a pooler, ${ASSUMED.connectionsAProcess} a process`, figure(sizes.connections)],
    [`paid bookings in ${ASSUMED.years} years`, figure(sizes.bookings)],
    ['disk for them with indexes, one copy', `${figure(sizes.terabytes)} TB`],
    [`the same with ${ASSUMED.copies - 1} replicas`, `${figure(sizes.terabytes * ASSUMED.copies)} TB`],
    ['disk for the accounts, one copy', `${figure(sizes.accountsTerabytes)} TB`],
    ['WAL during the on-sale', `${figure(sizes.walMegabytes)} MB/s`],
    ['messages during the on-sale', `${figure(sizes.messages)} a second`],
    [`partitions of a Kafka topic, ${ASSUMED.kafkaPartitionBookings} bookings a second each`, figure(sizes.partitions)],
    ['cost of a million tickets', `${figure(sizes.dollarsAMillion)} USD`],
  ],
)}

Cost: ${ASSUMED.coreAMonth} USD for a core and month, ${ASSUMED.storedGigabyteAMonth} USD for a gigabyte and month, ${ASSUMED.copies} copies of five years of bookings;
the extra cores of an on-sale are rented for hours and not counted. The disk of a booking includes its messages, which are
deleted after 7 days, so five years take less. Redis keeps no booking: a packed seat map of each event on
sale (a quarter of a byte a seat), a lock for each held seat and 88 bytes a waiting room, so one server of a few gigabytes with a
replica is enough, and its processor is the first limit.

## What breaks first

| step | what is full | what takes over |
| --- | --- | --- |
| one machine, two cores | the processor | a machine for PostgreSQL, and one for the processes |
| one PostgreSQL of ${ASSUMED.coresAServer} cores | its cores, at ${figure((ASSUMED.busy * ASSUMED.coresAServer * 1e6) / units.paid.postgres)} paid bookings a second | reads go to replicas; then the event-scoped tables are distributed by \`event_id\` with Citus: every row of the hold path names its event, and the writer would make its sets for one shard at a time |
| the event log in PostgreSQL | it doubles the WAL of the booking database | Kafka (\`EVENT_LOG=kafka\`) |
| connections | a few hundred per server | PgBouncer in front of the main pools |
| one hot event | one write at a time, up to 128 commands each, about ${figure(sizes.holdsOfAnEvent)} holds a second of a core for the processes and PostgreSQL together | nothing has to: at that rate a stadium of 83,000 seats, two a hold, is held in ${figure(83_000 / 2 / sizes.holdsOfAnEvent)} s, and the waiting room lets fans in as fast as seats are sold |
| one Redis | one core, by published changes | a Redis for pub/sub beside the one for locks; then a Redis for each group of events, whose keys share a hash tag (Cluster is [refused](../decisions/0022-no-redis-cluster.md) until then) |
| search | cores of Typesense | further nodes of the cluster, each with the whole index; above some hundred million events OpenSearch, which splits an index |
| five years of bookings | disk and vacuum of one table | partitions by time for ended events, moved to cheaper disks |
| the payment gateway | its limit of requests a second | more merchant accounts; fans wait on the payment page, and holds are extended once |
`;
}

if (import.meta.main) writeFileSync(new URL('../docs/reference/capacity-model.md', import.meta.url), capacityText());
