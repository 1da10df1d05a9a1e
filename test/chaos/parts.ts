/** The parts of a run; each keeps its name, its port and its log during the run. */
export const processNames = [
  'api',
  'api-2',
  'worker',
  'worker-2',
  'payments',
  'payments-2',
  'relay',
  'relay-2',
  'gateway-sandbox',
] as const;
export type ProcessName = (typeof processNames)[number];

/** Behind a proxy that simulates network failures. */
export const wayNames = ['postgres', 'redis', 'gateway', 'search'] as const;
export type WayName = (typeof wayNames)[number];

export type PartName = ProcessName | WayName | 'broker';

/** The module of a process: `api-2` is a second `api`. */
export const moduleOf = (name: ProcessName): string => name.replace(/-2$/, '');
