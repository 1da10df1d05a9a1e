// Writes .env, or the file given as an argument, from .env.example and fills its empty values with new secrets. Never
// changes an existing file.
// usage: node scripts/make-env.mjs [file]
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const target = process.argv[2] ?? fileURLToPath(new URL('.env', root));
const webhookSecret = secret();

const text = readFileSync(new URL('.env.example', root), 'utf8').replace(/^([A-Z_]+)=$/gm, (_line, name) => {
  if (name.endsWith('_PRIVATE_KEY')) return `${name}=${privateKey()}`;
  // The gateway signs with the secret that the payments service checks, so both values are the same.
  if (name.startsWith('GATEWAY_WEBHOOK_SECRET')) return `${name}=${webhookSecret}`;
  if (name === 'ADMISSION_KEYS') return `${name}=k1:${secret()}`;
  return `${name}=${secret()}`;
});
try {
  writeFileSync(target, text, { flag: 'wx', mode: 0o600 });
  console.log(`${target} was written with new secrets.`);
} catch (error) {
  if (error.code !== 'EEXIST') throw error;
  console.error(`${target} exists already and was not changed.`);
  process.exitCode = 1;
}

function secret() {
  return randomBytes(24).toString('hex');
}

/** Ed25519, PKCS #8 DER in base64. */
function privateKey() {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}
