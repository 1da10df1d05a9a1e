import { InvalidInput } from '../errors.ts';
import { normalText, requireText } from '../text-rules.ts';

const EMAIL = /^[^\s@<>"(),:;[\]\\]+@[^\s@<>"(),:;[\]\\.]+(\.[^\s@<>"(),:;[\]\\.]+)+$/;

/** Characters that are not seen are in no address, but could make two of them look alike. */
const UNSEEN = /[\p{C}\p{Default_Ignorable_Code_Point}]/u;

/** Trimmed, in Unicode's form NFC. Only a message to it could show more than that it looks like an address. Throws InvalidInput. */
export function requireEmail(email: string): string {
  const address = requireText('email', 'An e-mail address', email, { atMost: 254 });
  if (address.length > 254 || UNSEEN.test(address) || !EMAIL.test(address))
    throw new InvalidInput('email', 'This is not an e-mail address.');
  return address;
}

/**
 * Long enough to withstand guessing and short enough to hash; its owner chooses what it is made of. It is counted in code
 * points of NFC, since a mark on a letter is as hard to guess as the letter. Throws InvalidInput.
 */
export function requirePassword(password: string): string {
  const text = normalText(password);
  if (text === undefined)
    throw new InvalidInput('password', 'A password has a character that is not text, such as NUL.');
  const { length } = [...text.slice(0, 1_000)];
  if (length < 10) throw new InvalidInput('password', 'A password has at least 10 characters.');
  if (length > 200) throw new InvalidInput('password', 'A password has at most 200 characters.');
  return text;
}

/** Throws InvalidInput. */
export const requireDisplayName = (displayName: string): string =>
  requireText('displayName', 'A display name', displayName, { atMost: 100 });
