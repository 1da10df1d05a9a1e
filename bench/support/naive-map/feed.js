// What both obvious maps share: the layout, the first statuses, and the changes over graphql-transport-ws.

const eventId = new URLSearchParams(location.search).get('event');
const NAMES = ['AVAILABLE', 'HELD', 'BOOKED', 'BLOCKED'];
export const COLOURS = ['#3b6fd4', '#b45309', '#8a91a0', '#c9ced8'];

async function ask(query) {
  const body = JSON.stringify({ query, variables: { eventId } });
  const headers = { 'content-type': 'application/json' };
  return (await (await fetch('/graphql', { method: 'POST', headers, body })).json()).data;
}

/** Returns the layout and the status of each seat. */
export async function readMap() {
  const { seatMap } = await ask(
    'query ($eventId: ID!) { seatMap(eventId: $eventId) { version statuses layout { url } } }',
  );
  const layout = await (await fetch(seatMap.layout.url)).json();
  const codes = codesOf(seatMap.statuses).slice(0, layout.seats.x.length);
  return { layout, codes, version: seatMap.version };
}

function codesOf(statuses) {
  const packed = atob(statuses);
  return Array.from(
    { length: packed.length * 4 },
    (_, seatNo) => (packed.charCodeAt(seatNo >> 2) >> ((seatNo & 3) * 2)) & 3,
  );
}

/**
 * Calls `take(seatNo, code)` for each change, and `done()` after those of one version. Returns the current version. A
 * page that is busy with its elements for seconds is too late for the server, and connects again.
 */
export function follow(sinceVersion, take, done) {
  const feed = { version: sinceVersion };
  const connect = () => {
    const url = new URL('/graphql', location.href).href.replace(/^http/, 'ws');
    const socket = new WebSocket(url, 'graphql-transport-ws');
    const send = (message) => socket.send(JSON.stringify(message));
    socket.onopen = () => send({ type: 'connection_init' });
    socket.onclose = () => setTimeout(connect, 100);
    socket.onmessage = ({ data }) => {
      const { type, payload } = JSON.parse(data);
      if (type === 'ping') send({ type: 'pong' });
      if (type === 'connection_ack') send({ type: 'subscribe', id: '1', payload: subscription(feed.version) });
      const change = payload?.data?.seatMapChanged;
      if (change) takeOver(feed, change, take);
      if (change) done();
    };
  };
  connect();
  return feed;
}

function takeOver(feed, { toVersion, changes = [], seatMap }, take) {
  for (const { seatNo, status } of changes) take(seatNo, NAMES.indexOf(status));
  for (const [seatNo, code] of seatMap ? codesOf(seatMap.statuses).entries() : []) take(seatNo, code);
  feed.version = seatMap?.version ?? toVersion;
}

const subscription = (sinceVersion) => ({
  query: `subscription ($eventId: ID!, $sinceVersion: Int) { seatMapChanged(eventId: $eventId, sinceVersion: $sinceVersion) {
    ... on SeatMapDelta { toVersion changes { seatNo status } } ... on SeatMapReset { seatMap { version statuses } } } }`,
  variables: { eventId, sinceVersion },
});

/** Half the distance of two neighbours, by which all maps of the bench draw seats of one size. */
export const radiusOf = ({ seats: { x, y } }) => Math.hypot(x[1] - x[0], y[1] - y[0]) * 0.41;

/** Wheel and drag, as every tutorial has them: `view` is { x, y, scale } in units of the plan and pixels for one unit. */
export function useWheelAndDrag(target, view, moved) {
  target.addEventListener('wheel', (event) => {
    event.preventDefault();
    const factor = Math.exp(-event.deltaY * 0.0022);
    const [x, y] = [event.clientX / view.scale + view.x, event.clientY / view.scale + view.y];
    view.scale *= factor;
    view.x = x - event.clientX / view.scale;
    view.y = y - event.clientY / view.scale;
    moved();
  });
  let from;
  target.addEventListener('pointerdown', ({ clientX, clientY }) => {
    from = { clientX, clientY };
  });
  target.addEventListener('pointermove', ({ clientX, clientY }) => {
    if (!from) return;
    view.x -= (clientX - from.clientX) / view.scale;
    view.y -= (clientY - from.clientY) / view.scale;
    from = { clientX, clientY };
    moved();
  });
  target.addEventListener('pointerup', () => {
    from = undefined;
  });
}

/** The view that shows the whole plan. */
export function wholePlan({ width, height }) {
  const scale = Math.min(innerWidth / width, innerHeight / height);
  return { x: (width - innerWidth / scale) / 2, y: (height - innerHeight / scale) / 2, scale };
}
