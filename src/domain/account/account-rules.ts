import { InvalidInput } from '../errors.ts';

const EMAIL = /^[^\s@<>"(),:;[\]\\]+@[^\s@<>"(),:;[\]\\.]+(\.[^\s@<>"(),:;[\]\\.]+)+$/;

/** Trimmed. Only a message to it could show more than that it looks like an address. Throws InvalidInput. */
export function requireEmail(email: string): string {
  const trimmed = email.trim();
  if (trimmed.length > 254 || !EMAIL.test(trimmed)) throw new InvalidInput('email', 'This is not an e-mail address.');
  return trimmed;
}

/** Long enough to withstand guessing and short enough to hash; what it is made of is its owner's business. */
export function requirePassword(password: string): string {
  if (password.length < 10) throw new InvalidInput('password', 'A password has at least 10 characters.');
  if (password.length > 200) throw new InvalidInput('password', 'A password has at most 200 characters.');
  return password;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const CONTROL = /[\u0000-\u001f\u007f]/;

export function requireDisplayName(displayName: string): string {
  const trimmed = displayName.trim();
  if (trimmed.length < 1 || trimmed.length > 100 || CONTROL.test(trimmed))
    throw new InvalidInput('displayName', 'A display name has 1 to 100 printable characters.');
  return trimmed;
}
