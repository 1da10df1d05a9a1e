import type { z } from 'zod';

export type Environment = Record<string, string | undefined>;

/**
 * The only reader of the environment, pure and total. Every problem is reported at once, each with its fix, before
 * anything is opened.
 */
export function parse<S extends z.ZodType>(schema: S, env: Environment): z.infer<S> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || 'environment'}: ${issue.message}`);
  throw new Error(
    `The environment is not usable. Set or correct:\n${problems.join('\n')}\nSee .env.example and docs/reference/config.md.`,
  );
}
