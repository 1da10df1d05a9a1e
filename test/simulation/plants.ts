/** Planted faults of the simulated world. A run has to notice each; otherwise a run without findings proves nothing. */
export const plants = [
  'torn transactions',
  'acknowledged before the append',
  'log loses messages',
  'log reorders a key',
  'gateway forgets keys',
  'gateway refunds as often as it is asked',
  'no process ends holds',
  'a frame is lost on an open socket',
  'the database has the clock of its clients',
  'reads are older than what was acknowledged',
  'a process sells at the first prices that it has read',
] as const;
export type Plant = (typeof plants)[number];
