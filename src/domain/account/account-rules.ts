import { InvalidInput } from '../errors.ts';
import { normalText, requireText } from '../text-rules.ts';

const EMAIL = /^[^\s@<>"(),:;[\]\\]+@[^\s@<>"(),:;[\]\\.]+(\.[^\s@<>"(),:;[\]\\.]+)+$/;

/** Invisible characters are in no real address, but could make two addresses look alike. */
const UNSEEN = /[\p{C}\p{Default_Ignorable_Code_Point}]/u;

/** Trimmed, in Unicode's form NFC. Checks only the form, because only a mail could show more. Throws InvalidInput. */
export function requireEmail(email: string, field = 'email'): string {
  const address = requireText(field, 'An e-mail address', email, { atMost: 254 });
  if (address.length > 254 || UNSEEN.test(address) || !EMAIL.test(address))
    throw new InvalidInput(field, 'This is not an e-mail address.');
  return address;
}

/**
 * Long enough to withstand guessing and short enough to hash; its owner chooses the characters. Counted in code
 * points of NFC, because a mark on a letter is as hard to guess as the letter. Throws InvalidInput.
 */
export function requirePassword(password: string): string {
  const text = normalText(password);
  if (text === undefined)
    throw new InvalidInput('password', 'The password contains a character that is not text, such as NUL.');
  const { length } = [...text.slice(0, 1_000)];
  if (length < 10) throw new InvalidInput('password', 'A password must have at least 10 characters.');
  if (length > 200) throw new InvalidInput('password', 'A password may have at most 200 characters.');
  return text;
}

/** Throws InvalidInput. */
export const requireDisplayName = (displayName: string): string =>
  requireText('displayName', 'A display name', displayName, { atMost: 100 });
