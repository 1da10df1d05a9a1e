import { z } from 'zod';

export const port = z.coerce.number().int().min(0).max(65_535);
export const count = z.coerce.number().int().positive();
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
);
export const secret = z.string().min(16, 'at least 16 characters');
export const privateKey = z.string({
  error: 'an Ed25519 private key, PKCS #8 DER in base64: openssl genpkey -algorithm ed25519 -outform DER | base64 -w0',
});

export const searchPrefix = z
  .string()
  .regex(/^[a-z0-9_]*$/, 'lower-case letters, digits and _')
  .default('');
