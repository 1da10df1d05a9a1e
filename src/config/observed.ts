import { z } from 'zod';
import { rehearsal } from './production.ts';
import { port, secret } from './values.ts';

export const profile = z.enum(['development', 'production']).default('development');

export const common = {
  FRONTROW_PROFILE: profile,
  ...rehearsal,
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
};
/** For long-running processes. */
export const observed = {
  ...common,
  METRICS: z.enum(['on', 'off']).default('on'),
  METRICS_HOST: z.string().default('127.0.0.1'),
  METRICS_PORT: port.optional(),
  /** Allows `/ready?verbose` on the public listeners of api and payments. */
  READY_TOKEN: secret.optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ error: 'an OTLP collector, e.g. http://localhost:4318' }).optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(0.01),
};

export const observedConfig = (env: z.infer<z.ZodObject<typeof observed>>) => ({
  log: { level: env.LOG_LEVEL },
  readyToken: env.READY_TOKEN,
  metrics: { isOn: env.METRICS === 'on', host: env.METRICS_HOST, port: env.METRICS_PORT },
  tracing: { endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT, ratio: env.OTEL_TRACES_SAMPLER_ARG },
});
