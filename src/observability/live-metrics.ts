import { type Sampler, sampledMetrics } from './samplers.ts';

/** The numbers that the WebSocket server and the seat maps of an API process count themselves. */
export type LiveStats = {
  readonly sockets: {
    readonly sockets: number;
    readonly subscriptions: number;
    readonly groups: number;
    readonly executions: number;
    readonly opened: number;
    readonly stalled: number;
    readonly silent: number;
    readonly outstanding: number;
  };
  readonly seatMaps: {
    readonly events: number;
    readonly watchers: number;
    readonly deltas: number;
    readonly resets: number;
    readonly merged: number;
    readonly heals: number;
  };
  readonly eventStreams: number;
};

const sampled = sampledMetrics<LiveStats>([
  {
    name: 'frontrow_sockets',
    help: 'Open WebSockets.',
    value: ({ sockets }) => sockets.sockets,
  },
  {
    kind: 'counter',
    name: 'frontrow_sockets_opened_total',
    help: 'WebSockets that were opened.',
    value: ({ sockets }) => sockets.opened,
  },
  {
    kind: 'counter',
    name: 'frontrow_sockets_closed_total',
    help: 'WebSockets that this process closed: stalled (read nothing for too long) or silent (did not answer a ping).',
    label: 'reason',
    value: ({ sockets: { stalled, silent } }) => ({ stalled, silent }),
  },
  {
    name: 'frontrow_socket_outstanding_messages',
    help: 'Messages that were written to WebSockets and that the kernel has not accepted yet.',
    value: ({ sockets }) => sockets.outstanding,
  },
  {
    name: 'frontrow_subscriptions',
    help: 'Running subscriptions.',
    label: 'transport',
    value: ({ sockets, eventStreams }) => ({ websocket: sockets.subscriptions, sse: eventStreams }),
  },
  {
    name: 'frontrow_subscription_groups',
    help: 'Groups of subscriptions over WebSocket that get the same bytes.',
    value: ({ sockets }) => sockets.groups,
  },
  {
    kind: 'counter',
    name: 'frontrow_pushed_executions_total',
    help: 'Events that were executed and serialized to be pushed over WebSocket, once for each group.',
    value: ({ sockets }) => sockets.executions,
  },
  {
    name: 'frontrow_seat_map_events',
    help: 'Events whose seat map this process keeps current.',
    value: ({ seatMaps }) => seatMaps.events,
  },
  {
    name: 'frontrow_seat_map_watchers',
    help: 'Watchers of seat maps.',
    value: ({ seatMaps }) => seatMaps.watchers,
  },
  {
    kind: 'counter',
    name: 'frontrow_seat_map_frames_total',
    help: 'Frames for single watchers of a seat map: delta, or reset (the whole map, when a delta would have a gap).',
    label: 'kind',
    value: ({ seatMaps }) => ({ delta: seatMaps.deltas, reset: seatMaps.resets }),
  },
  {
    kind: 'counter',
    name: 'frontrow_seat_map_merged_versions_total',
    help: 'Versions of a seat map that were sent together with a later one, because both came within one window.',
    value: ({ seatMaps }) => seatMaps.merged,
  },
  {
    kind: 'counter',
    name: 'frontrow_seat_map_heals_total',
    help: 'Seat maps that were read again because a change was missing.',
    value: ({ seatMaps }) => seatMaps.heals,
  },
]);

export const liveSampler = (read: () => LiveStats): Sampler =>
  sampled({ name: 'live', everyMs: 0, read: async () => read() });
