/** UTF-8 with or without a byte order mark; undefined for any other encoding, which could only be guessed. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Why a file in another encoding is refused. */
export const NOT_UTF8 = 'it is not UTF-8: save it with that encoding';
