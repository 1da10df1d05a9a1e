import { parseArgs } from 'node:util';
import type { BenchOptions, Report } from './support/report.ts';
import { publish } from './support/report.ts';

type Bench = (options: BenchOptions) => Promise<Report>;

const benches: Record<string, () => Promise<Bench>> = {
  holds: async () => (await import('./holds.ts')).benchHolds,
  'holds-e2e': async () => (await import('./holds-e2e.ts')).benchHoldsEndToEnd,
  observability: async () => (await import('./observability.ts')).benchObservability,
  'cancel-event': async () => (await import('./cancel-event.ts')).benchCancelEvent,
  expiry: async () => (await import('./expiry.ts')).benchExpiry,
  fanout: async () => (await import('./fanout.ts')).benchFanout,
  'general-admission': async () => (await import('./general-admission.ts')).benchGeneralAdmission,
  graphql: async () => (await import('./graphql.ts')).benchGraphql,
  hoarding: async () => (await import('./hoarding.ts')).benchHoarding,
  'hoarding-limits': async () => (await import('./hoarding-limits.ts')).benchHoardingLimits,
  overload: async () => (await import('./overload.ts')).benchOverload,
  paid: async () => (await import('./paid.ts')).benchPaid,
  quotes: async () => (await import('./quotes.ts')).benchQuotes,
  'redis-lost': async () => (await import('./redis-lost.ts')).benchRedisLost,
  search: async () => (await import('./search.ts')).benchSearch,
  'seating-plans': async () => (await import('./seating-plans.ts')).benchSeatingPlans,
  'stalled-sockets': async () => (await import('./stalled-sockets.ts')).benchStalledSockets,
  'seatmap-browser': async () => (await import('./seatmap-browser.ts')).benchSeatmapBrowser,
  'seat-map': async () => (await import('./seat-map.ts')).benchSeatMap,
  stadium: async () => (await import('./stadium.ts')).benchStadium,
  'waiting-room': async () => (await import('./waiting-room.ts')).benchWaitingRoom,
  'waiting-room-live': async () => (await import('./waiting-room-live.ts')).benchWaitingRoomLive,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    profile: { type: 'string' },
    fans: { type: 'string' },
    events: { type: 'string' },
    baseline: { type: 'string' },
    seconds: { type: 'string' },
    kafka: { type: 'boolean', default: false },
  },
});
const [name = ''] = positionals;
if (name === '' && values.quick) {
  const { checkRatios } = await import('./check-ratios.ts');
  const { graphql, holds } = benches;
  process.exit((await checkRatios({ graphql, holds } as typeof benches)) ? 0 : 1);
}
const load = benches[name];
if (!load || positionals.length > 1) {
  console.error(
    `npm run bench -- ${Object.keys(benches).join(' | ')} [--quick] [--only <part of a scenario's name>] [--profile <folder>] [--fans <count>] [--events <count>] [--baseline <commit>] [--seconds <of a level>] [--kafka]\nnpm run bench -- --quick: compares short runs with the recorded ratios`,
  );
  process.exit(2);
}
const options = {
  quick: values.quick,
  only: values.only,
  profile: values.profile,
  fans: values.fans === undefined ? undefined : Number(values.fans),
  events: values.events === undefined ? undefined : Number(values.events),
  baseline: values.baseline,
  kafka: values.kafka,
  seconds: values.seconds === undefined ? undefined : Number(values.seconds),
};
const bench = await load();
await publish(name, () => bench(options), options);
