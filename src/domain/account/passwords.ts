import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { RateLimited } from '../errors.ts';

const argon2Async = promisify(argon2);

/** OWASP's second recommendation for argon2id: 19 MiB, two passes, one lane. Stored in each hash, so it may change. */
const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1 };
const TAG_LENGTH = 32;

/** Each hash takes one of libuv's four threads and 19 MiB: more at once would starve DNS, files and memory. */
const AT_ONCE = 2;
const WAITING_AT_MOST = 64;

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    if (waiting.length >= WAITING_AT_MOST)
      throw new RateLimited(2, 'Too many people are signing in at the moment. Try again soon.');
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else {
    running++;
  }
  try {
    return await work();
  } finally {
    // The slot is handed to the next caller directly, so that no later caller can take it.
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');

const derive = (password: string, nonce: Uint8Array, parameters: typeof PARAMETERS): Promise<Buffer> =>
  inTurn(() =>
    argon2Async('argon2id', { message: password.normalize('NFKC'), nonce, tagLength: TAG_LENGTH, ...parameters }),
  );

/** The hash in the PHC string format, with its parameters and salt. Throws RateLimited when too many are waiting. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const tag = await derive(password, nonce, PARAMETERS);
  const { memory, passes, parallelism } = PARAMETERS;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(nonce)}$${base64(tag)}`;
}

const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** A hash without an account: an unknown address takes as long as a known one, so the response time reveals nothing. */
const NOBODY = `$argon2id$v=19$m=${PARAMETERS.memory},t=${PARAMETERS.passes},p=1$${base64(randomBytes(16))}$${base64(randomBytes(TAG_LENGTH))}`;

/** True when the password made this hash. Without a hash, does the same work and returns false. */
export async function verifyPassword(password: string, passwordHash: string | undefined): Promise<boolean> {
  const [, memory, passes, parallelism, nonce, tag] = PHC.exec(passwordHash ?? NOBODY) ?? [];
  if (!nonce || !tag) throw new Error('a stored password hash is not an argon2id hash');
  const expected = Buffer.from(tag, 'base64');
  const actual = await derive(password, Buffer.from(nonce, 'base64'), {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  });
  return timingSafeEqual(actual, expected) && passwordHash !== undefined;
}
