import { z } from 'zod';
import { productionProblems } from '#config/production.ts';
import { type TroubleSwitches, troubleSwitches } from './trouble.ts';

/** How long and how often the gateway sends a notice. The pauses double from `baseMs` up to `capMs`, with jitter. */
export interface RetryPolicy {
  readonly baseMs: number;
  readonly capMs: number;
  readonly maxAttempts: number;
  readonly maxAgeMs: number;
  /** How long the merchant may take to answer one delivery. */
  readonly timeoutMs: number;
}

/** The first retry is after half a second, later ones at least once a minute: 5,000 attempts take more than 3 days. */
export const defaultRetryPolicy: RetryPolicy = {
  baseMs: 500,
  capMs: 60_000,
  maxAttempts: 5_000,
  maxAgeMs: 3 * 24 * 3_600_000,
  timeoutMs: 10_000,
};

export interface SandboxSettings {
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  /** The ledger and the queue of notices live here; one process at a time. */
  readonly dataFolder: string;
  readonly apiKey: string;
  readonly webhookSecret: string;
  readonly webhookUrl: string;
  /** The start of the addresses of payment pages; default `http://localhost:<port>`. */
  readonly publicUrl: string | undefined;
  /** The switches of the trouble that the gateway makes from the start. */
  readonly trouble: TroubleSwitches;
}

/** The message has every problem of the environment, one in each line. */
export class SettingsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The sandbox gateway cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

const httpUrl = (name: string, example: string) =>
  z
    .string({ error: `${name} is missing. Set it, for example ${example}` })
    .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
      error: `${name} is not an http(s) address. Set it, for example ${example}`,
    });

const secret = (name: string) =>
  z
    .string({ error: `${name} is missing. Set it to a random text of at least 16 characters` })
    .min(16, { error: `${name} is too short. Set it to a random text of at least 16 characters` });

const trouble = z.string().transform((json, context): TroubleSwitches => {
  const parsed = troubleSwitches.safeParse(parsedOrUndefined(json));
  if (parsed.success) return parsed.data;
  const example = '{"failRefunds":0.1}';
  context.addIssue({
    code: 'custom',
    message: `GATEWAY_TROUBLE has no switches as JSON. Set it, for example ${example}`,
  });
  return z.NEVER;
});

function parsedOrUndefined(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const environment = z.object({
  GATEWAY_HOST: z.string().min(1).default('127.0.0.1'),
  GATEWAY_PORT: z
    .string({ error: 'GATEWAY_PORT is missing. Set it, for example 4002' })
    .regex(/^\d{1,5}$/, { error: 'GATEWAY_PORT is not a port. Set a number from 0 to 65535' })
    .transform(Number)
    .refine((port) => port <= 65_535, { error: 'GATEWAY_PORT is not a port. Set a number from 0 to 65535' }),
  GATEWAY_DATA: z
    .string({ error: 'GATEWAY_DATA is missing. Set the folder of the ledger' })
    .min(1, { error: 'GATEWAY_DATA is empty. Set the folder of the ledger' }),
  GATEWAY_API_KEY: secret('GATEWAY_API_KEY'),
  GATEWAY_WEBHOOK_SECRET: secret('GATEWAY_WEBHOOK_SECRET'),
  GATEWAY_WEBHOOK_URL: httpUrl('GATEWAY_WEBHOOK_URL', 'http://localhost:4001/webhooks/gateway'),
  GATEWAY_PUBLIC_URL: httpUrl('GATEWAY_PUBLIC_URL', 'http://localhost:4002').optional(),
  GATEWAY_TROUBLE: trouble.prefault('{}'),
});

/** @throws SettingsError with every variable that is missing or wrong, and what to set */
export function parseSandboxSettings(env: Readonly<Record<string, string | undefined>>): SandboxSettings {
  const parsed = environment.safeParse(env);
  const problems = productionProblems(env, 'gateway-sandbox').map(({ name, message }) => `${name}: ${message}`);
  if (!parsed.success) throw new SettingsError([...parsed.error.issues.map((issue) => issue.message), ...problems]);
  if (problems.length > 0) throw new SettingsError(problems);
  const values = parsed.data;
  return {
    host: values.GATEWAY_HOST,
    port: values.GATEWAY_PORT,
    dataFolder: values.GATEWAY_DATA,
    apiKey: values.GATEWAY_API_KEY,
    webhookSecret: values.GATEWAY_WEBHOOK_SECRET,
    webhookUrl: values.GATEWAY_WEBHOOK_URL,
    publicUrl: values.GATEWAY_PUBLIC_URL?.replace(/\/+$/, ''),
    trouble: values.GATEWAY_TROUBLE,
  };
}
