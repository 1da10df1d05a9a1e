import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type postgres from 'postgres';
import { parseImportConfig } from '#config/tools.ts';
import {
  dropParked,
  listParked,
  listParkedActions,
  type ParkedKey,
  type ParkedSelection,
  requestReplay,
  showParked,
} from '#events/log/parked-administration.ts';
import { openRawClient, sessionSettings } from '#shared/postgres.ts';
import { isUuid } from '#shared/uuid.ts';
import { called, usageOf } from './command-line.ts';
import { runningDatabaseUrl } from './local/running-database.ts';
import { sentenceOf } from './sentence.ts';

/**
 * `npm run parked -- list`: lists, shows, replays and drops the messages that consumers could not handle, in the
 * databases at DATABASE_URL and PAYMENTS_DATABASE_URL, or else in those of the `npm start` that runs in this clone.
 * Prints names and ids, never the content of an event.
 */
const EXIT = { done: 0, refused: 1, stillParked: 3 } as const;

class Refused extends Error {}

const options = {
  group: { type: 'string' },
  key: { type: 'string' },
  all: { type: 'boolean', default: false },
  wait: { type: 'string', default: '30' },
  reason: { type: 'string' },
  by: { type: 'string' },
} as const;
type Values = ReturnType<typeof readArguments>['values'];
const readArguments = () => parseArgs({ options, allowPositionals: true });

/**
 * The databases that may have parked messages: the booking database, and with the log on Kafka the payments database.
 */
type Places = readonly postgres.Sql[];

const commands: Record<string, (places: Places, values: Values, id: string | undefined) => Promise<number>> = {
  list,
  show,
  replay,
  drop,
};

try {
  process.exitCode = await run();
} catch (error) {
  process.exitCode = EXIT.refused;
  console.error(reasonOf(error));
}

async function run(): Promise<number> {
  const { values, positionals } = readArguments();
  const [name = '', id, ...more] = positionals;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command || more.length > 0) throw new Refused(usageOf('parked'));
  if (id !== undefined && !isUuid(id)) throw new Refused(`"${id}" is not the id of a message. An id is a UUID.`);
  const urls = await readUrls();
  // Longer than a consumer holds a key's lock for a batch, so that a busy key does not cause an error.
  const settings = sessionSettings({ lock_timeout: 30_000 });
  const places = urls.map((url) => openRawClient({ url, name: 'frontrow-parked' }, settings));
  try {
    return await command(places, values, id);
  } finally {
    await Promise.all(places.map((sql) => sql.end({ timeout: 5 })));
  }
}

async function readUrls(): Promise<string[]> {
  const env = { ...process.env };
  if (!env.DATABASE_URL) {
    const folder = resolve(import.meta.dirname, '../..', env.FRONTROW_DATA || '.frontrow');
    env.DATABASE_URL = await runningDatabaseUrl(folder);
    env.PAYMENTS_DATABASE_URL ||= await runningDatabaseUrl(folder, 'frontrow_payments');
  }
  if (!env.DATABASE_URL)
    throw new Refused('There is no database: run `npm start` in this clone first, or set DATABASE_URL.');
  const { url } = parseImportConfig(env).postgres;
  return env.PAYMENTS_DATABASE_URL ? [url, env.PAYMENTS_DATABASE_URL] : [url];
}

async function inAll<T>(places: Places, ask: (sql: postgres.Sql) => Promise<T[]>): Promise<T[]> {
  return (await Promise.all(places.map(ask))).flat();
}

async function list(places: Places, { group, key }: Values, id: string | undefined): Promise<number> {
  if (id !== undefined) throw new Refused(usageOf('parked'));
  const parked = await inAll(places, (sql) => listParked(sql, { group, key }));
  for (const one of parked) printKey(one);
  const messages = parked.reduce((sum, one) => sum + one.messages, 0);
  console.log(
    messages === 0 ? 'Nothing is parked.' : `${count(messages, 'message')} of ${count(parked.length, 'key')}.`,
  );
  return EXIT.done;
}

function printKey({
  group,
  key,
  messages,
  parkedAt,
  firstId,
  firstType,
  failures,
  reason,
  replaying,
}: ParkedKey): void {
  const behind = messages > 1 ? ` and ${messages - 1} behind it` : '';
  console.log(`${group}  event ${key}  since ${parkedAt.toISOString()}${replaying ? '  (being replayed)' : ''}
  ${firstType} ${firstId}${behind}, failed ${count(failures, 'time')}: ${reason}`);
}

async function show(places: Places, _values: Values, id: string | undefined): Promise<number> {
  if (id === undefined) throw new Refused(usageOf('parked'));
  const parked = await inAll(places, (sql) => showParked(sql, id));
  const actions = await inAll(places, (sql) => listParkedActions(sql, id));
  for (const { group, ...message } of parked) {
    console.log(`${group}`);
    for (const [name, value] of Object.entries(message)) {
      console.log(`  ${name.padEnd(12)} ${value instanceof Date ? value.toISOString() : (value ?? '-')}`);
    }
  }
  for (const { at, action, group, by, reason } of actions) {
    console.log(`${at.toISOString()}  ${group}  ${action} by ${by}${reason === null ? '' : `: ${reason}`}`);
  }
  if (parked.length === 0) console.log(`${id} is not parked.`);
  return parked.length + actions.length > 0 ? EXIT.done : EXIT.refused;
}

async function replay(places: Places, values: Values, id: string | undefined): Promise<number> {
  const { group, key, all } = values;
  const seconds = Number(values.wait);
  if (!Number.isFinite(seconds) || seconds < 0) throw new Refused(`--wait ${values.wait}: give a number of seconds.`);
  const chosen = [id !== undefined, key !== undefined || group !== undefined, all].filter(Boolean);
  if (chosen.length !== 1) throw new Refused(usageOf('parked'));
  const wanted: ParkedSelection = { id, key, group };
  const asked = await inAll(places, (sql) => requestReplay(sql, wanted, doneBy(values)));
  if (asked.length === 0) {
    console.log('No such message is parked, so there is nothing to replay.');
    return id === undefined ? EXIT.done : EXIT.refused;
  }
  for (const one of asked) {
    console.log(
      `${one.group}  event ${one.key}: replay of ${count(one.messages, 'message')} from ${one.firstId} on was requested.`,
    );
  }
  return seconds === 0 ? EXIT.done : awaitReplay(places, asked, seconds);
}

async function awaitReplay(places: Places, asked: readonly ParkedKey[], seconds: number): Promise<number> {
  const deadline = Date.now() + seconds * 1000;
  const isAsked = (one: ParkedKey) => asked.some(({ group, key }) => group === one.group && key === one.key);
  for (;;) {
    const left = (await inAll(places, listParked)).filter(isAsked);
    if (left.every(({ replaying }) => !replaying) || Date.now() >= deadline) return reportReplay(asked, left);
    await sleep(200);
  }
}

function reportReplay(asked: readonly ParkedKey[], left: readonly ParkedKey[]): number {
  for (const { group, key } of asked) {
    const now = left.find((one) => one.group === group && one.key === key);
    if (!now) console.log(`${group}  event ${key}: all handled.`);
    else if (now.replaying)
      console.log(
        `${group}  event ${key}: still waiting. Is a process of ${group} running? The replay begins when one is.`,
      );
    else {
      console.log(`${group}  event ${key}: parked again.`);
      printKey(now);
    }
  }
  return left.length === 0 ? EXIT.done : EXIT.stillParked;
}

async function drop(places: Places, values: Values, id: string | undefined): Promise<number> {
  const { reason, group } = values;
  if (id === undefined || !reason?.trim()) throw new Refused(usageOf('parked'));
  const parked = await inAll(places, async (sql) => (await showParked(sql, id)).map((one) => ({ sql, ...one })));
  const [found, ...more] = parked.filter((one) => group === undefined || one.group === group);
  if (found && more.length > 0)
    throw new Refused(`${id} is parked for ${parked.map((one) => one.group).join(', ')}: choose one with --group.`);
  const done = { by: doneBy(values), reason };
  const dropped = found && (await dropParked(found.sql, { id, group: found.group }, done));
  if (dropped?.outcome !== 'dropped') throw new Refused(`${id} is not parked${group ? ` for ${group}` : ''}.`);
  const rest =
    dropped.left === 0
      ? 'No other message of this event is parked, so new messages of the event are handled again.'
      : `${count(dropped.left, 'message')} of this event stay parked: ${called('parked')} replay --key ${dropped.key} --group ${dropped.group}`;
  console.log(`${id} was dropped for ${dropped.group}. ${rest}`);
  return EXIT.done;
}

function doneBy({ by }: Values): string {
  return by ?? process.env.USER ?? `user ${process.getuid?.()}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function reasonOf(error: unknown): string {
  if (error instanceof Refused) return error.message;
  // The error of parseArgs for an unknown or incomplete option.
  if (error instanceof TypeError && 'code' in error) return `${error.message}\n${usageOf('parked')}`;
  return sentenceOf(error) ?? (error instanceof Error ? error.message : String(error));
}
