import { setTimeout as delay } from 'node:timers/promises';

/** A mutation that the API refused. */
export class Refused extends Error {
  readonly type: string;
  readonly field: string | undefined;

  constructor(mutation: string, { __typename, message, field }: Refusal) {
    super(`${mutation}: ${message} (${__typename})`);
    this.type = __typename;
    this.field = field;
  }
}

type Refusal = {
  __typename: string;
  message: string;
  field?: string;
  retry: { advice: string; afterSeconds: number | null };
};

export type GraphqlClient = {
  /** @throws Error with the messages of the answer, or when no answer comes */
  ask<T>(query: string, variables?: object): Promise<T>;
  /**
   * Sends one mutation with one `input`. `success` is the selection of its success. Sends the same request again when the API
   * says so.
   *
   * @throws Refused
   */
  mutate<T>(name: string, input: object, success: string): Promise<T>;
  /** Sends a file to the address of an upload. */
  put(url: string, contentType: string, bytes: string): Promise<void>;
  /** A client that sends this token. */
  as(token: string): GraphqlClient;
};

type Options = { readonly token?: string; readonly signal?: AbortSignal };

const MOST_ATTEMPTS = 5;
const inputTypes: Readonly<Record<string, string>> = { publishEvent: 'EventInput' };

/** Speaks to the API at this address as any client does, over HTTP. */
export function openGraphqlClient(url: string, { token, signal }: Options = {}): GraphqlClient {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const during = signal ? { signal } : {};

  async function ask<T>(query: string, variables: object = {}): Promise<T> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization },
      body: JSON.stringify({ query, variables }),
      ...during,
    });
    const answer = (await response.json()) as { data: T; errors?: { message: string }[] };
    if (answer.errors) throw new Error(answer.errors.map(({ message }) => message).join('; '));
    return answer.data;
  }

  async function mutate<T>(name: string, input: object, success: string): Promise<T> {
    const capitalized = `${name[0]?.toUpperCase()}${name.slice(1)}`;
    const query = `mutation ${capitalized}($input: ${inputTypes[name] ?? `${capitalized}Input`}!) { ${name}(input: $input) { __typename
      ... on ${capitalized}Success { ${success} }
      ... on Refusal { message retry { advice afterSeconds } ... on InvalidInput { field } } } }`;
    for (let attempt = 1; ; attempt++) {
      const result = (await ask<Record<string, Refusal>>(query, { input }))[name];
      if (!result?.retry) return result as T;
      const { advice, afterSeconds } = result.retry;
      if (attempt === MOST_ATTEMPTS || (advice !== 'AFTER' && advice !== 'SAME_KEY')) throw new Refused(name, result);
      await delay((afterSeconds ?? 1) * 1000, undefined, during);
    }
  }

  return {
    ask,
    mutate,
    async put(path, contentType, bytes) {
      const headers = { 'content-type': contentType };
      const response = await fetch(new URL(path, url), { method: 'PUT', headers, body: bytes, ...during });
      if (!response.ok) throw new Error(`The upload was refused: ${response.status} ${await response.text()}`);
    },
    as: (other) => openGraphqlClient(url, { token: other, ...during }),
  };
}
