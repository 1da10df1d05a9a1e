import { generateKeyPairSync, randomUUIDv7 } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { openTicketSigner, verifyTicketCode } from './ticket-code.ts';

const signer = openTicketSigner(newPrivateKey());
const someTicket = () => ({ ticketId: randomUUIDv7(), eventId: randomUUIDv7(), seatNo: 12_345 });

test('a code contains what was signed, in characters that a QR code stores densely', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.uuid(), fc.nat(0xff_ff_ff), (ticketId, eventId, seatNo) => {
      const code = signer.sign({ ticketId, eventId, seatNo });
      expect(code).toMatch(/^[A-Z2-7]{160}$/);
      expect(verifyTicketCode(code, signer.publicKeys)).toEqual({ ticketId, eventId, seatNo });
    }),
    { numRuns: 50 },
  );
});

test('rejects a code with any one character changed', () => {
  const code = signer.sign(someTicket());
  for (let at = 0; at < code.length; at++) {
    const changed = code.slice(0, at) + (code[at] === 'A' ? 'B' : 'A') + code.slice(at + 1);
    expect(verifyTicketCode(changed, signer.publicKeys), `character ${at}`).toBeUndefined();
  }
});

test('rejects a text that is not a code', () => {
  const code = signer.sign(someTicket());
  for (const text of ['', 'A', code.slice(8), `${code}AAAAAAAA`, code.replace(/./, '1'), 'é'.repeat(160)])
    expect(verifyTicketCode(text, signer.publicKeys)).toBeUndefined();
});

test('rejects a code signed with a foreign key, and accepts an old key while it is in the set', () => {
  const other = openTicketSigner(newPrivateKey());
  const ticket = someTicket();
  const code = other.sign(ticket);
  expect(verifyTicketCode(code, signer.publicKeys)).toBeUndefined();
  const both = { keys: [...signer.publicKeys.keys, ...other.publicKeys.keys] };
  expect(verifyTicketCode(code, both)).toEqual(ticket);
});

test('accepts lower case and blanks in a code typed by hand', () => {
  const ticket = someTicket();
  const code = signer
    .sign(ticket)
    .toLowerCase()
    .replaceAll(/(.{8})/g, '$1 ');
  expect(verifyTicketCode(code, signer.publicKeys)).toEqual(ticket);
});

test('the published key has no private half', () => {
  expect(Object.keys(signer.publicKeys.keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
});

test('throws at the start for a key of another kind', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'der', type: 'pkcs8' });
  expect(() => openTicketSigner(rsa.toString('base64'))).toThrow('Ed25519');
});
