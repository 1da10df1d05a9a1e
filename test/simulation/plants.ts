/** Faults in the simulated world itself, each of which a run has to notice: without that, a quiet run says nothing. */
export const plants = [
  'torn transactions',
  'acknowledged before the append',
  'log loses messages',
  'log reorders a key',
  'gateway forgets keys',
  'gateway refunds as often as it is asked',
  'nobody ends holds',
  'a frame is lost on an open socket',
  'the database has the clock of its clients',
  'reads are older than what was acknowledged',
] as const;
export type Plant = (typeof plants)[number];
