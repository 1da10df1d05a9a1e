import type { IncomingMessage } from 'node:http';

/** What a client sends about itself, on every transport. */
export type Credentials = {
  /** `Bearer <access token>`. */
  readonly authorization: string | undefined;
  readonly admission: string | undefined;
  /** The ticket of a place in a waiting room. */
  readonly place: string | undefined;
};

export const credentialsOfHeaders = ({ headers }: IncomingMessage): Credentials => credentialsOf([entriesOf(headers)]);

/**
 * Of a socket's connection params. Clients differ in how they send a header there: by any case of its name, and at the
 * top or inside `headers`. What is at the top counts.
 */
export function credentialsOfParams(params: Readonly<Record<string, unknown>>): Credentials {
  const top = entriesOf(params);
  return credentialsOf([top, entriesOf(top.get('headers'))]);
}

function credentialsOf(sources: readonly ReadonlyMap<string, unknown>[]): Credentials {
  const read = (...names: readonly string[]): string | undefined => {
    const found = sources.flatMap((source) => names.map((name) => source.get(name)));
    const value = found.find((one) => one !== undefined && one !== null && one !== '');
    // What is no text is a broken token, and not the same as none.
    return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
  };
  return {
    authorization: read('authorization'),
    admission: read('frontrow-admission', 'admission'),
    place: read('frontrow-place', 'place'),
  };
}

/** By lower-case name. */
function entriesOf(record: unknown): ReadonlyMap<string, unknown> {
  if (typeof record !== 'object' || record === null) return new Map();
  return new Map(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]));
}
