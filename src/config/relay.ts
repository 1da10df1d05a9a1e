import { z } from 'zod';
import { checkKafka, eventLog, eventLogConfig } from './event-log.ts';
import { observed, observedConfig } from './observed.ts';
import { type Environment, parse } from './parse.ts';
import { productionProblems } from './production.ts';
import { databases } from './stores.ts';

const relay = z
  .object({
    ...observed,
    ...databases,
    ...eventLog,
    PAYMENTS_DATABASE_URL: z.url({ error: 'the payments database' }),
  })
  .superRefine(checkKafka);

export type RelayConfig = ReturnType<typeof parseRelayConfig>;
export function parseRelayConfig(env: Environment) {
  const data = parse(relay, env, productionProblems(env, 'another'));
  return {
    ...observedConfig(data),
    postgres: { url: data.DATABASE_URL, poolMax: data.DATABASE_POOL_MAX },
    payments: { url: data.PAYMENTS_DATABASE_URL },
    eventLog: eventLogConfig(data, data.DATABASE_URL),
  };
}
