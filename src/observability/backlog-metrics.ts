import { counter, gauge } from './metrics.ts';
import { type Sampler, sampler } from './samplers.ts';

const overdue = gauge({
  name: 'frontrow_overdue_holds',
  help: 'Bookings whose hold has ended and that still have their seats.',
});
const overdueAge = gauge({
  name: 'frontrow_oldest_overdue_hold_age_seconds',
  help: 'How long ago the hold that is overdue for longest ended; 0 without an overdue hold.',
});
const mails = gauge({
  name: 'frontrow_waiting_mails',
  help: 'Mails that no mail server has accepted yet.',
});
const mailAge = gauge({
  name: 'frontrow_oldest_waiting_mail_age_seconds',
  help: 'How long ago the oldest mail was written that no mail server has accepted yet; 0 without one.',
});
const parked = gauge({
  name: 'frontrow_parked_messages',
  help: 'Messages that a consumer group has set aside.',
  labelNames: ['group'],
});
const parkedAge = gauge({
  name: 'frontrow_oldest_parked_message_age_seconds',
  help: 'How long the oldest parked message has been parked.',
  labelNames: ['group'],
});
const unread = gauge({
  name: 'frontrow_consumer_lag_messages',
  help: 'Messages of the event log that a consumer group has not read.',
  labelNames: ['group', 'topic'],
});
const slotBytes = gauge({
  name: 'frontrow_slot_lag_bytes',
  help: 'WAL that a replication slot of the relay has not acknowledged.',
  labelNames: ['slot'],
});
const slotSeconds = gauge({
  name: 'frontrow_slot_lag_seconds',
  help: 'How long ago the position that a slot has acknowledged was the newest, seen at scrapes; 0 when it has everything.',
  labelNames: ['slot'],
});
const slotActive = gauge({
  name: 'frontrow_slot_active',
  help: 'Whether a relay streams from the slot.',
  labelNames: ['slot'],
});
const slotLost = gauge({
  name: 'frontrow_slot_lost',
  help: 'Whether the slot is missing, or the server has given up its WAL.',
  labelNames: ['slot'],
});
const unpublished = gauge({
  name: 'frontrow_outbox_unpublished_rows',
  help: 'Rows of an outbox that the relay has not published.',
  labelNames: ['slot'],
});
const unpublishedAge = gauge({
  name: 'frontrow_outbox_oldest_unpublished_age_seconds',
  help: 'Age of the oldest row that the relay has not published; 0 without one.',
  labelNames: ['slot'],
});
const connections = gauge({
  name: 'frontrow_postgres_connections',
  help: 'Connections to a database of Frontrow by state, as PostgreSQL reports them.',
  labelNames: ['database', 'state'],
});
const relayed = counter({
  name: 'frontrow_relayed_messages_total',
  help: 'Messages that this relay has appended to the event log.',
  labelNames: ['slot'],
});
const replays = counter({
  name: 'frontrow_relay_replays_total',
  help: 'How often this relay appended a whole outbox again, because its slot was missing, lost or left half-way.',
  labelNames: ['slot'],
});
const streaming = gauge({
  name: 'frontrow_relay_streaming',
  help: 'Whether this relay streams from the slot; 0 while it stands by or has lost its connection.',
  labelNames: ['slot'],
});

export type Overdue = { readonly count: number; readonly oldestSeconds: number };
export type WaitingMails = { readonly count: number; readonly oldestSeconds: number };
export type Parked = { readonly group: string; readonly count: number; readonly oldestSeconds: number };
export type Unread = { readonly group: string; readonly topic: string; readonly unread: number };
export type SlotBacklog = {
  readonly slot: string;
  readonly isActive: boolean;
  readonly isLost: boolean;
  readonly lagBytes: number;
  readonly lagSeconds: number;
  readonly unpublished: number;
  readonly oldestUnpublishedSeconds: number;
};
export type Connections = { readonly database: string; readonly state: string; readonly count: number };

export const overdueSampler = (read: () => Promise<Overdue>): Sampler =>
  sampler({
    name: 'overdue-holds',
    metrics: [overdue, overdueAge],
    read: async () => {
      const { count, oldestSeconds } = await read();
      return [
        { metric: overdue, value: count },
        { metric: overdueAge, value: oldestSeconds },
      ];
    },
  });

export const mailSampler = (read: () => Promise<WaitingMails>): Sampler =>
  sampler({
    name: 'mails',
    metrics: [mails, mailAge],
    read: async () => {
      const { count, oldestSeconds } = await read();
      return [
        { metric: mails, value: count },
        { metric: mailAge, value: oldestSeconds },
      ];
    },
  });

export const parkedSampler = (read: () => Promise<readonly Parked[]>): Sampler =>
  sampler({
    name: 'parked',
    metrics: [parked, parkedAge],
    read: async () =>
      (await read()).flatMap(({ group, count, oldestSeconds }) => [
        { metric: parked, labels: { group }, value: count },
        { metric: parkedAge, labels: { group }, value: oldestSeconds },
      ]),
  });

export const consumerLagSampler = (read: () => Promise<readonly Unread[]>): Sampler =>
  sampler({
    name: 'consumer-lag',
    metrics: [unread],
    read: async () =>
      (await read()).map(({ group, topic, unread: value }) => ({ metric: unread, labels: { group, topic }, value })),
  });

export const slotSampler = (read: () => Promise<readonly SlotBacklog[]>): Sampler =>
  sampler({
    name: 'slots',
    metrics: [slotBytes, slotSeconds, slotActive, slotLost, unpublished, unpublishedAge],
    read: async () =>
      (await read()).flatMap(({ slot, ...of }) => [
        { metric: slotBytes, labels: { slot }, value: of.lagBytes },
        { metric: slotSeconds, labels: { slot }, value: of.lagSeconds },
        { metric: slotActive, labels: { slot }, value: Number(of.isActive) },
        { metric: slotLost, labels: { slot }, value: Number(of.isLost) },
        { metric: unpublished, labels: { slot }, value: of.unpublished },
        { metric: unpublishedAge, labels: { slot }, value: of.oldestUnpublishedSeconds },
      ]),
  });

export const connectionSampler = (read: () => Promise<readonly Connections[]>): Sampler =>
  sampler({
    name: 'connections',
    metrics: [connections],
    read: async () =>
      (await read()).map(({ database, state, count }) => ({
        metric: connections,
        labels: { database, state },
        value: count,
      })),
  });

export const countRelayed = (slot: string, count: number): void => relayed.inc({ slot }, count);
export const setStreaming = (slot: string, isStreaming: boolean): void => streaming.set({ slot }, Number(isStreaming));
export const countReplay = (slot: string): void => replays.inc({ slot });
