import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import postgres from 'postgres';
import { parseImportConfig } from '#config.ts';
import { isConnectionFailure } from '#db/pg-errors.ts';
import { isUuid } from '#domain/global-id-rules.ts';
import {
  dropParked,
  listParked,
  listParkedActions,
  type ParkedKey,
  type ParkedSelection,
  requestReplay,
  showParked,
} from '#events/log/parked-administration.ts';
import { runningDatabaseUrl } from './dev/running-database.ts';

/**
 * `npm run parked -- list`: what consumers could not handle, and what to do with it, in the database at DATABASE_URL or
 * else in that of the `npm start` that runs in this clone. Prints names and ids, never what is in an event.
 */
const usage = `usage: npm run parked -- list [--group <name>] [--key <event id>]
       npm run parked -- show <message id>
       npm run parked -- replay <message id> | --key <event id> | --group <name> | --all [--wait <seconds>]
       npm run parked -- drop <message id> --reason <why> [--group <name>]

replay  asks the running consumers to hand the messages over again, from the first one of each event on; waits for the
        outcome, 30 seconds unless --wait says otherwise. --key and --group may be combined
drop    takes one message out for good, for one group; those behind it stay parked
--by    who asks, for the history; otherwise the name of the account that runs this`;

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

const commands: Record<string, (sql: postgres.Sql, values: Values, id: string | undefined) => Promise<number>> = {
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
  if (!command || more.length > 0) throw new Refused(usage);
  if (id !== undefined && !isUuid(id)) throw new Refused(`"${id}" is no id of a message: it is a UUID.`);
  const env = { ...process.env };
  env.DATABASE_URL ||= await runningDatabaseUrl(
    resolve(import.meta.dirname, '../..', env.FRONTROW_DATA || '.frontrow'),
  );
  if (!env.DATABASE_URL)
    throw new Refused('There is no database: run `npm start` in this clone first, or set DATABASE_URL.');
  const { url } = parseImportConfig(env).postgres;
  // Longer than a consumer holds a key's lock for a batch, so that a busy key is no error.
  const connection = { application_name: 'frontrow-parked', lock_timeout: 30_000 };
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {}, connection });
  try {
    return await command(sql, values, id);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function list(sql: postgres.Sql, { group, key }: Values, id: string | undefined): Promise<number> {
  if (id !== undefined) throw new Refused(usage);
  const parked = await listParked(sql, { group, key });
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

async function show(sql: postgres.Sql, _values: Values, id: string | undefined): Promise<number> {
  if (id === undefined) throw new Refused(usage);
  const [parked, actions] = await Promise.all([showParked(sql, id), listParkedActions(sql, id)]);
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

async function replay(sql: postgres.Sql, values: Values, id: string | undefined): Promise<number> {
  const { group, key, all } = values;
  const seconds = Number(values.wait);
  if (!Number.isFinite(seconds) || seconds < 0) throw new Refused(`--wait ${values.wait}: a number of seconds.`);
  const chosen = [id !== undefined, key !== undefined || group !== undefined, all].filter(Boolean);
  if (chosen.length !== 1) throw new Refused(usage);
  const wanted: ParkedSelection = { id, key, group };
  const asked = await requestReplay(sql, wanted, doneBy(values));
  if (asked.length === 0) {
    console.log('Nothing of that is parked: nothing to replay.');
    return id === undefined ? EXIT.done : EXIT.refused;
  }
  for (const one of asked) {
    console.log(`${one.group}  event ${one.key}: ${count(one.messages, 'message')} from ${one.firstId} on, asked for.`);
  }
  return seconds === 0 ? EXIT.done : awaitReplay(sql, asked, seconds);
}

async function awaitReplay(sql: postgres.Sql, asked: readonly ParkedKey[], seconds: number): Promise<number> {
  const deadline = Date.now() + seconds * 1000;
  const isAsked = (one: ParkedKey) => asked.some(({ group, key }) => group === one.group && key === one.key);
  for (;;) {
    const left = (await listParked(sql)).filter(isAsked);
    if (left.every(({ replaying }) => !replaying) || Date.now() >= deadline) return reportReplay(asked, left);
    await sleep(200);
  }
}

function reportReplay(asked: readonly ParkedKey[], left: readonly ParkedKey[]): number {
  for (const { group, key } of asked) {
    const now = left.find((one) => one.group === group && one.key === key);
    if (!now) console.log(`${group}  event ${key}: all handled.`);
    else if (now.replaying)
      console.log(`${group}  event ${key}: still waits. Is a process of ${group} running? It goes on when one is.`);
    else {
      console.log(`${group}  event ${key}: parked again.`);
      printKey(now);
    }
  }
  return left.length === 0 ? EXIT.done : EXIT.stillParked;
}

async function drop(sql: postgres.Sql, values: Values, id: string | undefined): Promise<number> {
  const { reason, group } = values;
  if (id === undefined || !reason?.trim()) throw new Refused(usage);
  const dropped = await dropParked(sql, { id, group }, { by: doneBy(values), reason });
  if (dropped.outcome === 'not parked') throw new Refused(`${id} is not parked${group ? ` for ${group}` : ''}.`);
  if (dropped.outcome === 'in several groups')
    throw new Refused(`${id} is parked for ${dropped.groups.join(', ')}: say for which one with --group.`);
  const rest =
    dropped.left === 0
      ? 'Nothing else of this event is parked; new messages of it flow.'
      : `${count(dropped.left, 'message')} of this event stay parked: npm run parked -- replay --key ${dropped.key} --group ${dropped.group}`;
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
  if (isConnectionFailure(error)) return 'The database does not answer. Is it running? See DATABASE_URL.';
  // What parseArgs says of an unknown or incomplete option.
  if (error instanceof TypeError && 'code' in error) return `${error.message}\n${usage}`;
  return error instanceof Error ? error.message : String(error);
}
