import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { Chance } from './chance.ts';
import { Actor, Scheduler } from './scheduler.ts';

/**
 * The parts of one run. All code that runs as an actor gets clock, timers, chance and ids from it; all other code
 * gets Node's own. So the code of the product runs unchanged. Node itself tracks through promises and callbacks
 * which actor started which code.
 */
export type World = { readonly scheduler: Scheduler; readonly chance: Chance };
type Place = { readonly world: World; readonly actor: Actor };

const places = new AsyncLocalStorage<Place>();
const real = {
  Date,
  now: Date.now,
  performanceNow: performance.now.bind(performance),
  random: Math.random,
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  setImmediate,
};

/** A world with its own clock and chance; a step planned on it runs as its actor. */
export function openWorld(seed: number): World {
  install();
  const world: World = {
    scheduler: new Scheduler((actor, run) => places.run({ world, actor }, run)),
    chance: new Chance(seed, 'runtime'),
  };
  return world;
}

/**
 * Runs `work` with the right time (except for `skewMs`) and without an actor: for a store that needs the time. Its
 * own timers never fire.
 */
export function atTimeOf<T>(world: World, work: () => T, skewMs = 0): T {
  TIMEKEEPER.skewMs = skewMs;
  return places.run({ world, actor: TIMEKEEPER }, work);
}

const TIMEKEEPER = new Actor('time');

let isInstalled = false;

function install(): void {
  if (isInstalled) return;
  isInstalled = true;
  installClock();
  installTimers();
  const require = createRequire(import.meta.url);
  require('node:timers/promises').setTimeout = sleep;
  const crypto = require('node:crypto');
  const realUuid = crypto.randomUUIDv7;
  crypto.randomUUIDv7 = (...args: unknown[]) => {
    const place = places.getStore();
    return place ? uuidOf(place) : realUuid(...args);
  };
  syncBuiltinESMExports();
}

function installClock(): void {
  const nowMs = (): number => {
    const place = places.getStore();
    return place ? Math.floor(place.world.scheduler.dateMs + place.actor.skewMs) : real.now();
  };
  globalThis.Date = new Proxy(real.Date, {
    construct: (target, args, newTarget) =>
      args.length === 0 ? new target(nowMs()) : Reflect.construct(target, args, newTarget),
    get: (target, name, receiver) => (name === 'now' ? nowMs : Reflect.get(target, name, receiver)),
  });
  Object.defineProperty(performance, 'now', {
    configurable: true,
    value: () => places.getStore()?.world.scheduler.nowMs ?? real.performanceNow(),
  });
  Math.random = () => places.getStore()?.world.chance.next() ?? real.random();
}

class Timer {
  cancel: () => void = () => {};
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
}

type Callback = (...args: unknown[]) => void;

function installTimers(): void {
  const once = (place: Place, run: () => void, ms: number): Timer => {
    const timer = new Timer();
    if (place.actor === TIMEKEEPER) return timer;
    const planned = place.world.scheduler.after(ms, place.actor, run);
    timer.cancel = () => planned.cancel();
    return timer;
  };
  const repeated = (place: Place, run: () => void, ms: number): Timer => {
    const timer = new Timer();
    const again = (): void => {
      const planned = place.world.scheduler.after(Math.max(1, ms), place.actor, () => {
        again();
        run();
      });
      timer.cancel = () => planned.cancel();
    };
    again();
    return timer;
  };
  const replaced =
    (plan: typeof once, realOne: (...args: never[]) => unknown) =>
    (callback: Callback, ms?: number, ...args: unknown[]) => {
      const place = places.getStore();
      return place ? plan(place, () => callback(...args), ms ?? 0) : realOne(...([callback, ms, ...args] as never[]));
    };
  const cancelled = (realOne: (timer: never) => void) => (timer: unknown) =>
    timer instanceof Timer ? timer.cancel() : realOne(timer as never);
  Object.assign(globalThis, {
    setTimeout: replaced(once, real.setTimeout),
    setInterval: replaced(repeated, real.setInterval),
    setImmediate: (callback: Callback, ...args: unknown[]) => {
      const place = places.getStore();
      return place ? once(place, () => callback(...args), 0) : real.setImmediate(callback, ...args);
    },
    clearTimeout: cancelled(real.clearTimeout),
    clearInterval: cancelled(real.clearInterval),
  });
}

/** `setTimeout` of node:timers/promises. */
function sleep<T>(ms?: number, value?: T, { signal }: { signal?: AbortSignal } = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(new DOMException('The operation was aborted', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve(value as T);
    }, ms);
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

/** As in RFC 9562: the time of the process, then chance. */
function uuidOf({ world, actor }: Place): string {
  const time = Math.floor(world.scheduler.dateMs + actor.skewMs)
    .toString(16)
    .padStart(12, '0');
  const digits = (count: number) =>
    Array.from({ length: count }, () => Math.floor(world.chance.next() * 16).toString(16)).join('');
  const variant = '89ab'[Math.floor(world.chance.next() * 4)];
  return `${time.slice(0, 8)}-${time.slice(8)}-7${digits(3)}-${variant}${digits(3)}-${digits(12)}`;
}
