import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** The content of a ticket's code. The ticket and the event are raw UUIDs. */
export type TicketContent = { readonly ticketId: string; readonly eventId: string; readonly seatNo: number };

export type TicketKeySet = { readonly keys: readonly TicketKey[] };
export type TicketKey = {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
};

export type TicketSigner = {
  /** 160 characters that a QR code holds in its alphanumeric mode. About 75 us. */
  sign(ticket: TicketContent): string;
  /** The response of /.well-known/frontrow-tickets.json. */
  readonly publicKeys: TicketKeySet;
};

const VERSION = 1;
const CONTENT_BYTES = 36;
const SIGNATURE_BYTES = 64;
const MAX_SEAT_NO = 0xff_ff_ff;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** `privateKey`: Ed25519, PKCS #8 DER in base64. Throws for anything else. */
export function openTicketSigner(privateKey: string): TicketSigner {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`Tickets are signed with Ed25519, not ${key.asymmetricKeyType}.`);
  const publicKeys = { keys: [publicKeyOf(key)] };
  return {
    publicKeys,
    sign(ticket) {
      const content = encodeContent(ticket);
      return base32(Buffer.concat([content, sign(null, content, key)]));
    },
  };
}

/** The content of the code if one of the keys signed it, otherwise undefined. Accepts lower case and blanks. */
export function verifyTicketCode(code: string, { keys }: TicketKeySet): TicketContent | undefined {
  const bytes = fromBase32(code.replaceAll(/\s/g, '').toUpperCase());
  if (bytes?.length !== CONTENT_BYTES + SIGNATURE_BYTES || bytes[0] !== VERSION) return undefined;
  const content = bytes.subarray(0, CONTENT_BYTES);
  const signature = bytes.subarray(CONTENT_BYTES);
  const isSigned = keys.some(({ kty, crv, x }) =>
    verify(null, content, createPublicKey({ key: { kty, crv, x }, format: 'jwk' }), signature),
  );
  return isSigned
    ? { ticketId: uuidAt(content, 1), eventId: uuidAt(content, 17), seatNo: content.readUIntBE(33, 3) }
    : undefined;
}

function publicKeyOf(key: KeyObject): TicketKey {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  if (typeof x !== 'string') throw new Error('The public key of an Ed25519 key has no x.');
  // RFC 7638: the id of the key is its thumbprint, so that a rotation cannot confuse two keys.
  const kid = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
  return { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' };
}

function encodeContent({ ticketId, eventId, seatNo }: TicketContent): Buffer {
  if (!Number.isInteger(seatNo) || seatNo < 0 || seatNo > MAX_SEAT_NO)
    throw new RangeError(`A ticket code holds seat numbers up to ${MAX_SEAT_NO}, not ${seatNo}.`);
  const content = Buffer.alloc(CONTENT_BYTES);
  content[0] = VERSION;
  content.write(ticketId.replaceAll('-', ''), 1, 'hex');
  content.write(eventId.replaceAll('-', ''), 17, 'hex');
  content.writeUIntBE(seatNo, 33, 3);
  return content;
}

function uuidAt(bytes: Buffer, offset: number): string {
  const hex = bytes.toString('hex', offset, offset + 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function base32(bytes: Buffer): string {
  let text = '';
  for (let offset = 0; offset < bytes.length; offset += 5) {
    const [high, low] = [bytes.readUInt16BE(offset), bytes.readUIntBE(offset + 2, 3)];
    // 40 bits are eight characters; 100 bytes are twenty times that, so there is no remainder.
    text += digits(high * 16 + (low >> 20), 4) + digits(low & 0xf_ff_ff, 4);
  }
  return text;
}

function digits(bits: number, count: number): string {
  let text = '';
  for (let shift = (count - 1) * 5; shift >= 0; shift -= 5) text += ALPHABET[(bits >> shift) & 31];
  return text;
}

function fromBase32(text: string): Buffer | undefined {
  if (text.length % 8 !== 0) return undefined;
  const bytes = Buffer.alloc((text.length / 8) * 5);
  let [bits, width, at] = [0, 0, 0];
  for (const character of text) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return undefined;
    bits = ((bits << 5) | digit) & 0xfff;
    width += 5;
    if (width < 8) continue;
    width -= 8;
    bytes[at] = (bits >> width) & 0xff;
    at += 1;
  }
  return bytes;
}
