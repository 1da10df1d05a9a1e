import { counter, gauge } from './metrics.ts';
import { memorySampler, type Sampler } from './samplers.ts';

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

const sockets = gauge({ name: 'frontrow_sockets', help: 'Open WebSockets.' });
const opened = counter({ name: 'frontrow_sockets_opened_total', help: 'WebSockets that were opened.' });
const closed = counter({
  name: 'frontrow_sockets_closed_total',
  help: 'WebSockets that this process closed: stalled (read nothing for too long) or silent (did not answer a ping).',
  labelNames: ['reason'],
});
const outstanding = gauge({
  name: 'frontrow_socket_outstanding_messages',
  help: 'Messages that were written to WebSockets and that the kernel has not accepted yet.',
});
const subscriptions = gauge({
  name: 'frontrow_subscriptions',
  help: 'Running subscriptions.',
  labelNames: ['transport'],
});
const groups = gauge({
  name: 'frontrow_subscription_groups',
  help: 'Groups of subscriptions over WebSocket that get the same bytes.',
});
const executions = counter({
  name: 'frontrow_pushed_executions_total',
  help: 'Events that were executed and serialized to be pushed over WebSocket, once for each group.',
});
const mapEvents = gauge({
  name: 'frontrow_seat_map_events',
  help: 'Events whose seat map this process keeps current.',
});
const watchers = gauge({ name: 'frontrow_seat_map_watchers', help: 'Watchers of seat maps.' });
const frames = counter({
  name: 'frontrow_seat_map_frames_total',
  help: 'Frames for single watchers of a seat map: delta, or reset (the whole map, when a delta would have a gap).',
  labelNames: ['kind'],
});
const merged = counter({
  name: 'frontrow_seat_map_merged_versions_total',
  help: 'Versions of a seat map that were sent together with a later one, because both came within one window.',
});
const heals = counter({
  name: 'frontrow_seat_map_heals_total',
  help: 'Seat maps that were read again because a change was missing.',
});

const metrics = [
  ...[sockets, opened, closed, outstanding, subscriptions, groups, executions],
  ...[mapEvents, watchers, frames, merged, heals],
];

export const liveSampler = (read: () => LiveStats): Sampler =>
  memorySampler('live', metrics, () => {
    const { sockets: of, seatMaps, eventStreams } = read();
    return [
      { metric: sockets, value: of.sockets },
      { metric: opened, value: of.opened },
      { metric: closed, labels: { reason: 'stalled' }, value: of.stalled },
      { metric: closed, labels: { reason: 'silent' }, value: of.silent },
      { metric: outstanding, value: of.outstanding },
      { metric: subscriptions, labels: { transport: 'websocket' }, value: of.subscriptions },
      { metric: subscriptions, labels: { transport: 'sse' }, value: eventStreams },
      { metric: groups, value: of.groups },
      { metric: executions, value: of.executions },
      { metric: mapEvents, value: seatMaps.events },
      { metric: watchers, value: seatMaps.watchers },
      { metric: frames, labels: { kind: 'delta' }, value: seatMaps.deltas },
      { metric: frames, labels: { kind: 'reset' }, value: seatMaps.resets },
      { metric: merged, value: seatMaps.merged },
      { metric: heals, value: seatMaps.heals },
    ];
  });
