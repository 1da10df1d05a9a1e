import { counter } from './metrics.ts';
import { type Sampler, sampledMetrics } from './samplers.ts';

const limits = ['VIEWER', 'ADDRESS_AT_EVENT', 'ADDRESS', 'COOL_DOWN', 'PLACES', 'CHALLENGE'] as const;
export type HoardingLimit = (typeof limits)[number];

const refusals = counter({
  name: 'frontrow_hoarding_refusals_total',
  help: 'Requests that a limit on hoarding refused: unpaid seats of a viewer, of an address at one event or at all, a cool-down, places of an address in a waiting room, or a challenge of a guest.',
  labelNames: ['limit'],
});
export type HoardingCounts = { readonly largestShare: number; readonly addresses: number; readonly onRecord: number };

const sampled = sampledMetrics<HoardingCounts>([
  {
    name: 'frontrow_hoarding_largest_share',
    help: 'The largest part of any event that one address holds unpaid now, 0 to 1.',
    value: (counts) => counts.largestShare,
  },
  {
    name: 'frontrow_hoarding_addresses',
    help: 'Addresses that hold unpaid seats now.',
    value: (counts) => counts.addresses,
  },
  {
    name: 'frontrow_hoarding_callers_on_record',
    help: 'Viewers and addresses that let holds end or cancelled them within the last day.',
    value: (counts) => counts.onRecord,
  },
]);

/** The series of each limit exists before its first refusal. */
export function openHoardingCounter(): (limit: HoardingLimit) => void {
  for (const limit of limits) refusals.inc({ limit }, 0);
  return (limit) => refusals.inc({ limit });
}

/** It reads all unpaid holds, so it does not run at every scrape. */
const EVERY_MS = 15_000;

export const hoardingSampler = (read: () => Promise<HoardingCounts>): Sampler =>
  sampled({ name: 'hoarding', everyMs: EVERY_MS, read });
