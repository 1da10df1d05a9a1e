import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** An Ed25519 private key, PKCS #8 DER in base64. */
export const newPrivateKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');

/** One key for the admissions of waiting rooms. */
export const newAdmissionKeys = (): string => `test:${randomBytes(32).toString('base64url')}`;
