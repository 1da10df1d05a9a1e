import type { z } from 'zod';

export type Environment = Record<string, string | undefined>;

export type Problem = { readonly name: string; readonly message: string };

/** The message has each problem and its fix, so the caller prints no stack. */
export class EnvironmentError extends Error {
  override name = 'EnvironmentError';
}

/**
 * Returns the settings in the environment. Pure. Throws one EnvironmentError with every problem and its fix, before the
 * process opens any store. `known` are problems that the caller found outside the schema.
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
