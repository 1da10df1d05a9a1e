import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { NoticeRejected } from '#domain/payments/gateway.ts';

const TOLERANCE_SECONDS = 300;

/** A gateway's id: printable ASCII, as gateways make them, so that it can be stored, compared and logged. */
export const gatewayName = z.string().regex(/^[!-~]{1,255}$/);
/** Up to the year 9999, so that JavaScript and PostgreSQL can represent it. */
export const epochSeconds = z.int().min(0).max(253_402_300_799);

export interface SignedNotice {
  readonly rawBody: Buffer;
  readonly header: string | readonly string[] | undefined;
  /** The current secret and, during a rotation, the previous one. */
  readonly secrets: readonly string[];
  readonly now: Date;
}

/**
 * Stripe's scheme, which the sandbox uses too: `t=<epoch seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`, with several
 * `v1` while the sender rotates. https://docs.stripe.com/webhooks#verify-manually
 * @throws NoticeRejected
 */
export function assertSigned({ rawBody, header, secrets, now }: SignedNotice): void {
  if (typeof header !== 'string') throw new NoticeRejected('SIGNATURE_MISSING', 'The notice has no signature.');
  const { timestamp, signatures } = readHeader(header);
  if (timestamp === undefined || signatures.length === 0) {
    throw new NoticeRejected('SIGNATURE_MISSING', 'The signature header cannot be read.');
  }
  if (!isSigned(rawBody, timestamp, signatures, secrets)) {
    throw new NoticeRejected('SIGNATURE_WRONG', 'The signature does not match any of our secrets.');
  }
  // After the signature, so that a sender without the secret does not learn our clock.
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) {
    throw new NoticeRejected('TOO_OLD', `The notice was signed more than ${TOLERANCE_SECONDS} s before or after now.`);
  }
}

/** Parses the JSON of a body whose signature was verified. @throws NoticeRejected `UNREADABLE` */
export function parseSignedJson(rawBody: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(rawBody));
  } catch (cause) {
    throw new NoticeRejected('UNREADABLE', 'The notice is signed but is not JSON in UTF-8.', { cause });
  }
}

function readHeader(header: string): { timestamp: string | undefined; signatures: Buffer[] } {
  const pairs = header.split(',').map((part) => part.trim().split('=', 2));
  const timestamp = pairs.find(([name]) => name === 't')?.[1];
  const signatures = pairs.filter(([name]) => name === 'v1').map(([, hex]) => Buffer.from(hex ?? '', 'hex'));
  return { timestamp: timestamp && /^\d{1,12}$/.test(timestamp) ? timestamp : undefined, signatures };
}

/** Compares every pair, so that the time does not reveal which secret or signature came close. */
function isSigned(
  rawBody: Buffer,
  timestamp: string,
  signatures: readonly Buffer[],
  secrets: readonly string[],
): boolean {
  let matches = 0;
  for (const secret of secrets) {
    // An empty secret was probably not set by mistake, and anyone could sign with it.
    if (secret === '') continue;
    const expected = createHmac('sha256', secret).update(`${timestamp}.`).update(rawBody).digest();
    for (const signature of signatures) {
      if (signature.length === expected.length && timingSafeEqual(signature, expected)) matches += 1;
    }
  }
  return matches > 0;
}
