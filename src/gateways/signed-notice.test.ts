import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { NoticeRejected } from '#domain/payments/gateway.ts';
import { assertSigned } from './signed-notice.ts';

const now = new Date('2026-06-11T19:00:00Z');
const seconds = now.getTime() / 1000;
const rawBody = Buffer.from('{"id":"evt_1"}');
const hex = (secret: string, body = rawBody) =>
  createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex');

const reasonFor = (header: string | string[] | undefined, secrets = ['whsec_1'], body = rawBody): string => {
  try {
    assertSigned({ rawBody: body, header, secrets, now });
  } catch (error) {
    if (error instanceof NoticeRejected) return error.reason;
    throw error;
  }
  return 'accepted';
};

test('one good signature among several is enough', () => {
  expect(reasonFor(`t=${seconds},v1=${hex('whsec_old')},v1=${hex('whsec_1')}`)).toBe('accepted');
  expect(reasonFor(`t=${seconds}, v1=${hex('whsec_1')}, v0=ignored`)).toBe('accepted');
});

test('bytes that are not text are signed unchanged', () => {
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
  expect(reasonFor(`t=${seconds},v1=${hex('whsec_1', bytes)}`, ['whsec_1'], bytes)).toBe('accepted');
  const lossy = Buffer.from(bytes.toString('utf8'));
  expect(reasonFor(`t=${seconds},v1=${hex('whsec_1', bytes)}`, ['whsec_1'], lossy)).toBe('SIGNATURE_WRONG');
});

test.each([
  undefined,
  '',
  'nonsense',
  't=,v1=',
  `v1=${'0'.repeat(64)}`,
  `t=${seconds}`,
  [`t=${seconds},v1=${'0'.repeat(64)}`],
])('%j is not a signature', (header) => {
  expect(reasonFor(header)).toBe('SIGNATURE_MISSING');
});

test.each(['', '00', '0'.repeat(64), 'z'.repeat(64), '0'.repeat(128)])('v1=%j is a wrong signature', (signature) => {
  expect(reasonFor(`t=${seconds},v1=${signature}`)).toBe('SIGNATURE_WRONG');
});

test('the time is part of the signed content', () => {
  expect(reasonFor(`t=${seconds - 1},v1=${hex('whsec_1')}`)).toBe('SIGNATURE_WRONG');
});

test('without a secret every notice is refused', () => {
  expect(reasonFor(`t=${seconds},v1=${hex('')}`, [])).toBe('SIGNATURE_WRONG');
  expect(reasonFor(`t=${seconds},v1=${hex('')}`, [''])).toBe('SIGNATURE_WRONG');
});
