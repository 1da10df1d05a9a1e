import { cacheExchange, type KeyingConfig } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { possibleTypes } from './refusal-types.ts';

/** Types without an id belong to the object around them. */
const keys = new Proxy<KeyingConfig>(
  {},
  { get: () => (data: { id?: unknown }) => (typeof data.id === 'string' ? data.id : null) },
);

/** The answers of the API by the ids of their objects, so that what is pushed changes what is shown. */
export const newCache = () =>
  cacheExchange({
    keys,
    possibleTypes,
    resolvers: { User: { bookings: relayPagination() }, Organization: { events: relayPagination() } },
  });
