import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A CA for one test, with a certificate for `localhost` only and for no other name or address. Paths of PEM files. */
export type Authority = {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly both: string;
};

export async function createAuthority(openssl: string, folder: string, name: string): Promise<Authority> {
  const file = (suffix: string) => join(folder, `${name}-${suffix}`);
  const ofCa = ['-keyout', file('ca.key'), '-out', file('ca.pem'), '-subj', `/CN=${name} CA`];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await run(openssl, ['req', '-x509', '-days', '2', ...newKey, ...ofCa]);
  await run(openssl, ['req', ...newKey, '-keyout', file('key.pem'), '-out', file('csr.pem'), '-subj', '/CN=localhost']);
  await writeFile(file('names'), 'subjectAltName=DNS:localhost\n');
  const signed = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('names')];
  await run(openssl, ['x509', '-req', '-days', '2', '-in', file('csr.pem'), '-out', file('cert.pem'), ...signed]);
  const both = file('both.pem');
  await writeFile(both, (await readFile(file('cert.pem'), 'utf8')) + (await readFile(file('key.pem'), 'utf8')));
  return { ca: file('ca.pem'), certificate: file('cert.pem'), key: file('key.pem'), both };
}
