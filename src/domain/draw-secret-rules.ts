import { hash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

/** Unpredictable: 32 random bytes, in hex. */
export function newDrawSecret(): string {
  return randomBytes(SECRET_BYTES).toString('hex');
}

/** Published before the draw; the secret is checked against it afterwards. SHA-256 of the secret's bytes, in hex. */
export function commitmentOf(secret: string): string {
  return hash('sha256', bytesOf(secret), 'hex');
}

/** @throws Error for a text of another length */
export function bytesOf(secret: string): Buffer {
  const bytes = Buffer.from(secret, 'hex');
  if (bytes.length !== SECRET_BYTES || secret.length !== 2 * SECRET_BYTES)
    throw new Error(`The secret of a draw is ${SECRET_BYTES} bytes in hex.`);
  return bytes;
}
