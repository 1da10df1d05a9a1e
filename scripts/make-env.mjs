// Writes .env from .env.example with fresh secrets in its empty places. Never touches a .env that is there.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const webhookSecret = secret();

const text = readFileSync(new URL('.env.example', root), 'utf8').replace(/^([A-Z_]+)=$/gm, (_line, name) => {
  if (name.endsWith('_PRIVATE_KEY')) return `${name}=${privateKey()}`;
  // The gateway signs with what the payments service checks.
  if (name.startsWith('GATEWAY_WEBHOOK_SECRET')) return `${name}=${webhookSecret}`;
  if (name === 'ADMISSION_KEYS') return `${name}=k1:${secret()}`;
  return `${name}=${secret()}`;
});
try {
  writeFileSync(new URL('.env', root), text, { flag: 'wx', mode: 0o600 });
  console.log('.env is written, with secrets of its own.');
} catch (error) {
  if (error.code !== 'EEXIST') throw error;
  console.error('.env exists already and stays as it is.');
  process.exitCode = 1;
}

function secret() {
  return randomBytes(24).toString('hex');
}

/** Ed25519, PKCS #8 DER in base64. */
function privateKey() {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}
