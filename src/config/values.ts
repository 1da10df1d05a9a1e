import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';

export const port = z.coerce.number().int().min(0).max(65_535);
export const count = z.coerce.number().int().positive();
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
);
export const gatewayName = z.enum(['sandbox', 'stripe']);
export const secret = z.string().min(16, 'at least 16 characters');
const PRIVATE_KEY_FIX =
  'an Ed25519 private key, PKCS #8 DER in base64: openssl genpkey -algorithm ed25519 -outform DER | base64 -w0';
export const privateKey = z.string({ error: PRIVATE_KEY_FIX }).refine(isEd25519, PRIVATE_KEY_FIX);

function isEd25519(text: string): boolean {
  try {
    const key = createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
    return key.asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}

export const searchPrefix = z
  .string()
  .regex(/^[a-z0-9_]*$/, 'lower-case letters, digits and _')
  .default('');
