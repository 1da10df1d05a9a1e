import type { z } from 'zod';
import type { Problem } from './production.ts';

export type Environment = Record<string, string | undefined>;

/** Says each problem and its fix; a stack would say nothing more. */
export class EnvironmentError extends Error {
  override name = 'EnvironmentError';
}

/**
 * The only reader of the environment, pure and total. Every problem is reported at once, each with its fix, before
 * anything is opened. `known` are problems that were found beside the schema.
 */
export function parse<S extends z.ZodType>(schema: S, env: Environment, known: readonly Problem[] = []): z.infer<S> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(present);
  if (parsed.success && known.length === 0) return parsed.data;
  const found = parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => ({ name: path.join('.') || 'environment', message }));
  const problems = [...found, ...known].map(({ name, message }) => `  ${name}: ${message}`);
  throw new EnvironmentError(
    `The environment is not usable. Set or correct:\n${problems.join('\n')}\nSee .env.example and docs/reference/config.md.`,
  );
}
