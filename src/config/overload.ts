import { z } from 'zod';

/** The settings of what a process refuses when it is too busy. */
export const overload = {
  OVERLOAD_CONTROL: z.enum(['on', 'off']).default('off'),
  OVERLOAD_TARGET_MS: z.coerce.number().int().min(20).max(2_000).default(150),
};

type OverloadEnv = z.infer<z.ZodObject<typeof overload>>;

/** Undefined when it is off. */
export const overloadConfig = (env: OverloadEnv): { targetMs: number } | undefined =>
  env.OVERLOAD_CONTROL === 'on' ? { targetMs: env.OVERLOAD_TARGET_MS } : undefined;
