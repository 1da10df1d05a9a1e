import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { formatMoney } from '#domain/currency-rules.ts';

export type Money = { amountMinor: number; currency: string };
export const money = ({ amountMinor, currency }: Money): string => formatMoney(amountMinor, currency);

export const openSocket = (api: string, accessToken: string): Client =>
  createClient({
    url: `${api.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${accessToken}` },
  });

/** Subscribes, and returns a function that resolves with the first answer that fits, earlier answers included. */
export function follow<T>(socket: Client, query: string, variables: object) {
  const seen: T[] = [];
  let look = () => {};
  let broken: unknown;
  socket.subscribe<T>(
    { query, variables: variables as Record<string, unknown> },
    {
      next: ({ data, errors }) => {
        if (data) seen.push(data);
        else broken = errors;
        look();
      },
      error: (error) => {
        broken = error;
        look();
      },
      complete: () => {},
    },
  );
  return (fits: (answer: T) => boolean) =>
    new Promise<T>((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error('Nothing was pushed within 30 seconds.')), 30_000);
      look = () => {
        const found = seen.find(fits);
        if (!found && !broken) return;
        clearTimeout(deadline);
        if (found) resolve(found);
        else reject(new Error(`The subscription ended: ${JSON.stringify(broken)}`));
      };
      look();
    });
}
