import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocketClient } from '#test/fans/lean-socket.ts';
import { answerParent } from '#test/support/system/parent.ts';

/** Thousands of watchers of one event's seat map over WebSocket (graphql-transport-ws); a process of its own. */

export type WatchQuestion =
  | { kind: 'connect'; port: number; sockets: number; query: string; eventId: string }
  /** Counts the arriving frames during `ms`. */
  | { kind: 'count'; ms: number }
  /** Waits until every socket has seen `version`, then returns the state of the audited ones. */
  | { kind: 'audit'; version: number }
  | { kind: 'disconnect' };
export type WatchFigures = { seconds: number; frames: number; bytes: number; seatChanges: number };
/** Seats with their last status as each audited socket received them, and its first version. */
export type WatchAudit = { fromVersion: number; statuses: [seatNo: number, status: string][] }[];

type Delta = { fromVersion: number; toVersion: number; changes: { seatNo: number; status: string }[] };

/** One in so many sockets parses every frame; of the others only the last one is parsed. */
const AUDIT_ONE_IN = 100;
/** The product allows 200 per address. */
const SOCKETS_PER_ADDRESS = 100;
const OPEN_AT_ONCE = 100;
const ARRIVES_WITHIN_MS = 30_000;
const NEXT = Buffer.from('"type":"next"');
const ACK = Buffer.from('"connection_ack"');

let watchers: Watcher[] = [];
const totals = { frames: 0, bytes: 0, seatChanges: 0 };

class Watcher {
  readonly #client: WebSocketClient;
  readonly #isAudited: boolean;
  readonly statuses = new Map<number, string>();
  firstVersion: number | undefined;
  #version: number | undefined;
  #last: Buffer | undefined;
  #problem: Error | undefined;
  #onAck: (() => void) | undefined;

  constructor(index: number, port: number) {
    this.#isAudited = index % AUDIT_ONE_IN === 0;
    const from = `127.0.1.${1 + Math.floor(index / SOCKETS_PER_ADDRESS)}`;
    this.#client = new WebSocketClient({ port, from }, (payload) => this.#receive(payload));
  }

  async watch(query: string, eventId: string): Promise<void> {
    await this.#client.open('/graphql', 'graphql-transport-ws');
    const acknowledged = new Promise<void>((resolve) => {
      this.#onAck = resolve;
    });
    this.#client.send(JSON.stringify({ type: 'connection_init' }));
    await acknowledged;
    const payload = { query, variables: { eventId: `Event_${eventId}` } };
    this.#client.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
  }

  get isAudited(): boolean {
    return this.#isAudited;
  }

  /** The version of the last frame. */
  seen(): number {
    const problem = this.#problem ?? this.#client.ended;
    if (problem) throw problem;
    return this.#last ? deltaOf(this.#last).toVersion : -1;
  }

  close(): void {
    this.#client.close();
  }

  #receive(payload: Buffer): void {
    if (payload.indexOf(NEXT) >= 0) {
      totals.frames += 1;
      totals.bytes += payload.length;
      this.#last = payload;
      if (this.#isAudited) this.#read(payload);
    } else if (payload.indexOf(ACK) >= 0) this.#onAck?.();
    else if (payload.indexOf('"ping"') < 0) this.#problem ??= new Error(payload.toString());
  }

  #read(payload: Buffer): void {
    const { fromVersion, toVersion, changes } = deltaOf(payload);
    if (this.#version !== undefined && fromVersion !== this.#version)
      this.#problem ??= new Error(`A gap: from ${this.#version} to ${fromVersion}.`);
    this.firstVersion ??= fromVersion;
    this.#version = toVersion;
    totals.seatChanges += changes.length;
    for (const { seatNo, status } of changes) this.statuses.set(seatNo, status);
  }
}

function deltaOf(message: Buffer): Delta {
  const { payload } = JSON.parse(message.toString()) as { payload: { data?: { seatMapChanged: Delta } | null } };
  const delta = payload.data?.seatMapChanged;
  if (delta?.toVersion === undefined) throw new Error(`This is no delta: ${message.toString().slice(0, 300)}`);
  return delta;
}

answerParent<WatchQuestion>(async (question, tell) => {
  if (question.kind === 'connect') return await connectAll(question);
  if (question.kind === 'count') return await count(question.ms, tell);
  if (question.kind === 'audit') return await audit(question.version);
  for (const watcher of watchers) watcher.close();
  watchers = [];
  return {};
});

async function connectAll(question: Extract<WatchQuestion, { kind: 'connect' }>): Promise<object> {
  for (let first = 0; first < question.sockets; first += OPEN_AT_ONCE) {
    const some = Array.from(
      { length: Math.min(OPEN_AT_ONCE, question.sockets - first) },
      (_, offset) => new Watcher(first + offset, question.port),
    );
    await Promise.all(some.map((watcher) => watcher.watch(question.query, question.eventId)));
    watchers.push(...some);
  }
  return {};
}

async function count(ms: number, tell: (moment: string) => void): Promise<WatchFigures> {
  const before = { ...totals };
  const beganAt = performance.now();
  tell('begin');
  await sleep(ms);
  tell('end');
  const audited = watchers.filter((watcher) => watcher.isAudited).length;
  return {
    seconds: (performance.now() - beganAt) / 1000,
    frames: totals.frames - before.frames,
    bytes: totals.bytes - before.bytes,
    seatChanges: ((totals.seatChanges - before.seatChanges) / audited) * watchers.length,
  };
}

async function audit(version: number): Promise<WatchAudit> {
  const deadline = performance.now() + ARRIVES_WITHIN_MS;
  while (watchers.some((watcher) => watcher.seen() < version)) {
    if (performance.now() > deadline) {
      const late = watchers.filter((watcher) => watcher.seen() < version).length;
      throw new Error(`${late} of ${watchers.length} sockets have not received version ${version}.`);
    }
    await sleep(50);
  }
  return watchers
    .filter((watcher) => watcher.isAudited)
    .map((watcher) => ({ fromVersion: watcher.firstVersion ?? 0, statuses: [...watcher.statuses] }));
}
