import { createClient } from 'graphql-ws';

const SEAT_MAP = 'query SeatMap($eventId: ID!) { seatMap(eventId: $eventId) { id version stale statuses } }';
const CHANGES = `subscription SeatMapChanges($eventId: ID!, $sinceVersion: Int) {
  seatMapChanged(eventId: $eventId, sinceVersion: $sinceVersion) {
    __typename
    ... on SeatMapDelta { fromVersion toVersion changes { seatNo status } }
    ... on SeatMapReset { seatMap { id version stale statuses } }
  }
}`;
const STATUSES = ['AVAILABLE', 'HELD', 'BOOKED', 'BLOCKED'];

/** The seats of one event: two bits each, four seats a byte, seat 0 in the lowest bits. */
export class SeatMap {
  version = -1;
  stale = false;
  packed = new Uint8Array();
  statusOf(seatNo) {
    return STATUSES[(this.packed[seatNo >> 2] >> ((seatNo & 3) * 2)) & 3];
  }
  replace({ version, stale, statuses }) {
    Object.assign(this, { version, stale, packed: Uint8Array.from(atob(statuses), (char) => char.charCodeAt(0)) });
  }
  /** Takes over what the subscription sent. False: changes are missing in between, so read the map again. */
  take(change) {
    if (change.__typename === 'SeatMapReset') this.replace(change.seatMap);
    else if (change.fromVersion > this.version) return false;
    else if (change.toVersion > this.version) {
      for (const { seatNo, status } of change.changes) {
        const shift = (seatNo & 3) * 2;
        this.packed[seatNo >> 2] &= ~(3 << shift);
        this.packed[seatNo >> 2] |= STATUSES.indexOf(status) << shift;
      }
      Object.assign(this, { version: change.toVersion, stale: false });
    }
    return true;
  }
}

/** Keeps the map of an event, calls `onChange` whenever it is another one, and `onEnd` with the errors that ended it. */
export async function watchSeatMap({ url, eventId, headers = {}, connectionParams, onChange, onEnd }) {
  const map = new SeatMap();
  const variables = { eventId, sinceVersion: null };
  const shown = () => {
    variables.sinceVersion = map.version; // The client sends it again whenever it connects again.
    onChange(map);
  };
  const read = async () => {
    const body = JSON.stringify({ query: SEAT_MAP, variables: { eventId } });
    const type = { 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers: { ...type, ...headers }, body });
    const { data, errors } = await response.json();
    if (!data?.seatMap) throw new Error(errors?.[0]?.message ?? 'There is no such event.');
    if (data.seatMap.version > map.version) map.replace(data.seatMap);
    shown();
  };
  await read();
  const again = { retryAttempts: Infinity, shouldRetry: () => true };
  const client = createClient({ url: url.replace(/^http/, 'ws'), connectionParams, ...again });
  const next = ({ data }) => (map.take(data.seatMapChanged) ? shown() : read().catch(onEnd));
  client.subscribe({ query: CHANGES, variables }, { next, error: onEnd, complete: onEnd });
  return { map, stop: () => client.dispose() };
}
