import type { Chance } from './chance.ts';
import { Actor, type Scheduler } from './scheduler.ts';

type SeatMapCopy = { version: number; gap: number; packed: Buffer };
type Value = { text?: string; map?: SeatMapCopy; list?: string[]; hash?: Map<string, string>; expiresAtMs: number };
type Listener = { actor: Actor; channel: string; hear: (message: string) => void };

export type RedisFaults = { readonly lostAnswer: number; readonly lostMessage: number };
export const NO_REDIS_FAULTS: RedisFaults = { lostAnswer: 0, lostMessage: 0 };

const MAX_AHEAD = 1024;

/**
 * Redis in memory: the commands and scripts that the product uses, modelled after the head comment of each script,
 * on virtual time. It can be paused, lose everything, or come back in an older state.
 */
export class RedisServer {
  faults: RedisFaults = NO_REDIS_FAULTS;
  isUp = true;
  onLostMessage: () => void = () => {};
  onSet: (key: string, text: string) => void = () => {};
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  #values = new Map<string, Value>();
  #listeners: Listener[] = [];
  readonly #connections = new Set<() => void>();
  #lives = 1;
  readonly #wire = new Actor('redis');

  constructor(scheduler: Scheduler, chance: Chance) {
    this.#scheduler = scheduler;
    this.#chance = chance;
  }

  dump(): ReadonlyMap<string, Value> {
    return structuredCloneOf(this.#values);
  }

  wipe(): void {
    this.#values = new Map();
  }

  /** Another server, or the same one started again, with the data of a while ago. Its clients reconnect. */
  restart(dump: ReadonlyMap<string, Value>): void {
    this.#values = structuredCloneOf(dump);
    this.#lives += 1;
    for (const reconnect of [...this.#connections]) reconnect();
  }

  get runId(): string {
    return `life${this.#lives}`;
  }

  /** `reconnect` is called when the connection was lost. */
  connect(actor: Actor, reconnect: () => void): void {
    const own = () => this.#scheduler.after(0, actor, reconnect);
    this.#connections.add(own);
    actor.onDeath.push(() => this.#connections.delete(own));
  }

  listen(listener: Listener): () => void {
    this.#listeners.push(listener);
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  /** Every connection is cut. */
  forget(actor: Actor): void {
    this.#listeners = this.#listeners.filter((listener) => listener.actor !== actor);
  }

  publish(channel: string, message: string): number {
    for (const { actor, channel: own, hear } of this.#listeners) {
      if (own !== channel) continue;
      if (this.#chance.happens(this.faults.lostMessage)) this.onLostMessage();
      else this.#scheduler.after(this.#chance.between(0.1, 3), actor, () => hear(message));
    }
    return this.#listeners.length;
  }

  get(key: string): string | null {
    return this.#value(key)?.text ?? null;
  }

  set(key: string, text: string, ttlMs = Number.POSITIVE_INFINITY): void {
    this.#values.set(key, { text, expiresAtMs: this.#scheduler.nowMs + ttlMs });
    this.onSet(key, text);
  }

  del(...keys: readonly string[]): number {
    return keys.filter((key) => this.#value(key) && this.#values.delete(key)).length;
  }

  exists(...keys: readonly string[]): number {
    return keys.filter((key) => this.#value(key)).length;
  }

  /** A pattern of SCAN with only stars. */
  keysLike(pattern: string): string[] {
    const parts = pattern.split('*').map((part) => part.replaceAll(/[{}]/g, '\\$&'));
    const wanted = new RegExp(`^${parts.join('.*')}$`);
    return [...this.#values.keys()].filter((key) => wanted.test(key) && this.#value(key));
  }

  list(key: string): string[] {
    return this.#value(key)?.list ?? [];
  }

  acquireSeatLocks(keys: readonly string[], args: readonly unknown[]): number[] {
    const answers: number[] = [];
    for (let index = 0, first = 0; index < args.length; index += 3) {
      const [owner, ttlMs, count] = [String(args[index]), Number(args[index + 1]), Number(args[index + 2])];
      answers.push(...this.#lockAll(keys.slice(first, first + count), owner, ttlMs));
      first += count;
    }
    return answers;
  }

  #lockAll(keys: readonly string[], owner: string, ttlMs: number): number[] {
    const states = keys.map((key) => {
      const holder = this.get(key);
      if (holder === null) return 0;
      return holder === owner ? 1 : 2;
    });
    if (states.includes(2)) return states.map((state) => (state === 0 ? 3 : state));
    for (const [index, state] of states.entries()) if (state === 0) this.set(keys[index] ?? '', owner, ttlMs);
    return states;
  }

  releaseSeatLocks(keys: readonly string[], [owner]: readonly unknown[]): number {
    return this.del(...keys.filter((key) => this.get(key) === owner));
  }

  restoreSeatLocks(keys: readonly string[], args: readonly unknown[]): number {
    const missing = holdsOf(keys, args).filter(({ key }) => this.get(key) === null);
    for (const { key, owner, ttlMs } of missing) this.set(key, owner, ttlMs);
    return missing.length;
  }

  keepSeatLocks(keys: readonly string[], args: readonly unknown[]): null {
    for (const { key, owner, ttlMs } of holdsOf(keys, args)) if (this.get(key) === owner) this.set(key, owner, ttlMs);
    return null;
  }

  replaceEpoch([key = '']: readonly string[], [expected, next, ttlMs]: readonly unknown[]): number {
    if ((this.get(key) ?? '') !== expected) return 0;
    this.set(key, String(next), Number(ttlMs) || Number.POSITIVE_INFINITY);
    return 1;
  }

  applySeatChanges(keys: readonly string[], args: readonly unknown[]): [number, number] {
    const [mapKey = '', deltasKey = '', aheadKey = ''] = keys;
    const map = this.#value(mapKey)?.map;
    if (!map) return [-1, 0];
    const deltas = this.list(deltasKey);
    const ahead = this.#value(aheadKey)?.hash ?? new Map<string, string>();
    const published: string[] = [];
    const append = (encoded: string): void => {
      const [version = 0, code = 0, ...seatNos] = JSON.parse(encoded) as number[];
      for (const seatNo of seatNos) writeSeat(map, seatNo, code);
      map.version = version;
      deltas.push(encoded);
      published.push(encoded);
    };
    const drain = (): void => {
      const next = () => ahead.get(String(map.version + 1));
      for (let encoded = next(); encoded !== undefined; encoded = next()) {
        append(encoded);
        ahead.delete(String(map.version));
      }
    };
    drain();
    for (const encoded of args.slice(3).map(String)) {
      const [version = 0] = JSON.parse(encoded) as number[];
      if (version === map.version + 1) {
        append(encoded);
        drain();
      } else if (version > map.version && ahead.size < MAX_AHEAD) ahead.set(String(version), encoded);
    }
    forgetUpTo(ahead, map.version);
    map.gap = ahead.size > 0 ? 1 : 0;
    if (published.length > 0) this.publish(String(args[0]), `[${published.join(',')}]`);
    const expiresAtMs = this.#scheduler.nowMs + 1000 * Number(args[2]);
    this.#values.set(mapKey, { map, expiresAtMs });
    // A list or a hash without entries does not exist.
    if (deltas.length > 0) this.#values.set(deltasKey, { list: deltas.slice(-Number(args[1])), expiresAtMs });
    if (ahead.size > 0) this.#values.set(aheadKey, { hash: ahead, expiresAtMs });
    else this.#values.delete(aheadKey);
    return [map.version, map.gap];
  }

  putSeatMap(keys: readonly string[], args: readonly unknown[]): number {
    const [mapKey = '', deltasKey = '', aheadKey = ''] = keys;
    const [channel, seconds, version, packed] = [String(args[0]), Number(args[1]), Number(args[2]), args[3] as Buffer];
    const map = this.#value(mapKey)?.map;
    if (map && (map.version > version || (map.version === version && map.gap === 0))) return map.version;
    const ahead = this.#value(aheadKey)?.hash ?? new Map<string, string>();
    forgetUpTo(ahead, version);
    const expiresAtMs = this.#scheduler.nowMs + 1000 * seconds;
    const gap = ahead.size > 0 ? 1 : 0;
    if (gap === 0) this.#values.delete(aheadKey);
    this.#values.set(mapKey, { map: { version, gap, packed: Buffer.from(packed) }, expiresAtMs });
    this.#values.delete(deltasKey);
    this.publish(channel, `{"version":${version}}`);
    return version;
  }

  readSeatMap(key: string, known: number): [number, number, Buffer?] | null {
    const map = this.#value(key)?.map;
    if (!map) return null;
    return map.version === known ? [map.version, map.gap] : [map.version, map.gap, Buffer.from(map.packed)];
  }

  /** Carries out a client's command after the delay to the server and back; never answers a dead client. */
  command<T>(actor: Actor, run: () => T, answer: (result: T | Error) => void): void {
    const way = () => this.#chance.between(0.05, 0.6);
    // A sent command is carried out even if its sender dies meanwhile.
    this.#scheduler.after(way(), this.#wire, () => {
      if (!this.isUp) return;
      const result = run();
      if (this.#chance.happens(this.faults.lostAnswer)) return;
      this.#scheduler.after(way(), actor, () => answer(result));
    });
  }

  #value(key: string): Value | undefined {
    const value = this.#values.get(key);
    if (!value || value.expiresAtMs > this.#scheduler.nowMs) return value;
    this.#values.delete(key);
    return undefined;
  }
}

/** One entry per key: the hold that it belongs to. */
function holdsOf(keys: readonly string[], args: readonly unknown[]) {
  const holds: { key: string; owner: string; ttlMs: number }[] = [];
  for (let index = 0; index < args.length; index += 3) {
    const [owner, ttlMs] = [String(args[index]), Number(args[index + 1])];
    for (const key of keys.slice(holds.length, holds.length + Number(args[index + 2])))
      holds.push({ key, owner, ttlMs });
  }
  return holds;
}

function writeSeat(map: SeatMapCopy, seatNo: number, code: number): void {
  const index = seatNo >> 2;
  if (index >= map.packed.length) map.packed = Buffer.concat([map.packed, Buffer.alloc(index + 1 - map.packed.length)]);
  const shift = (seatNo & 3) * 2;
  map.packed[index] = ((map.packed[index] ?? 0) & ~(3 << shift)) | (code << shift);
}

const structuredCloneOf = (values: ReadonlyMap<string, Value>): Map<string, Value> =>
  new Map(
    [...values].map(([key, { text, map, list, hash, expiresAtMs }]) => [
      key,
      {
        expiresAtMs,
        ...(text !== undefined && { text }),
        ...(map && { map: { ...map, packed: Buffer.from(map.packed) } }),
        ...(list && { list: [...list] }),
        ...(hash && { hash: new Map(hash) }),
      },
    ]),
  );

/** Removes waiting changes that a copy has overtaken, because they are no longer needed. */
function forgetUpTo(ahead: Map<string, string>, version: number): void {
  for (const field of ahead.keys()) if (Number(field) <= version) ahead.delete(field);
}
