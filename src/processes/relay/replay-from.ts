import { parseArgs } from 'node:util';
import type { RelayConfig } from '#config/relay.ts';
import { isConnectionFailure } from '#db/pg-errors.ts';
import type { EventLog } from '#events/log/log.ts';
import { relaySlot } from '#workers/relay-outbox.ts';
import { parseReplayStart, ReplayRefused, type ReplayStart, replayOutbox } from '#workers/replay-outbox.ts';

const usage = `usage: node src/processes/relay.ts                                    relays both outboxes until SIGTERM
       node src/processes/relay.ts --replay-from <place> [--outbox booking|payments]

--replay-from  appends the messages of the outboxes from this place on to the event log again, prints how many, and ends:
               an instant (2026-07-01T12:00:00Z), the id of a message of an outbox, or a position in the WAL of
               one server (2A/7F001C8)
--outbox       only this outbox; needed with a position in the WAL, because each server has its own WAL`;

type Needs = { config: RelayConfig; eventLog: EventLog };
type Outbox = { name: 'booking' | 'payments'; url: string };

/** Returns the exit code: 0 done, 1 refused or failed. */
export async function replayFrom(args: string[], { config, eventLog }: Needs): Promise<number> {
  const outboxes: Outbox[] = [
    { name: 'booking', url: config.postgres.url },
    { name: 'payments', url: config.payments.url },
  ];
  try {
    const { start, chosen } = readArguments(args, outboxes);
    await replayAll(chosen, start, eventLog);
    return 0;
  } catch (error) {
    console.error(reasonOf(error));
    return 1;
  } finally {
    await eventLog.close();
  }
}

function readArguments(args: string[], outboxes: readonly Outbox[]): { start: ReplayStart; chosen: readonly Outbox[] } {
  const { values } = parseArgs({ args, options: { 'replay-from': { type: 'string' }, outbox: { type: 'string' } } });
  const place = values['replay-from'];
  if (place === undefined) throw new ReplayRefused(usage);
  const chosen = outboxes.filter(({ name }) => values.outbox === undefined || name === values.outbox);
  if (chosen.length === 0) throw new ReplayRefused(`--outbox ${values.outbox}: give booking or payments.`);
  const start = parseReplayStart(place, new Date());
  if (start.kind === 'lsn' && chosen.length > 1)
    throw new ReplayRefused(`${start.lsn} is a position of one server: choose its outbox with --outbox.`);
  return { start, chosen };
}

async function replayAll(chosen: readonly Outbox[], start: ReplayStart, log: EventLog): Promise<void> {
  const { signal } = new AbortController();
  let known = 0;
  for (const { name, url } of chosen) {
    const replayed = await replayOutbox({ url, slot: relaySlot(url), log, signal }, start);
    if (!replayed) continue;
    known += 1;
    const { from, count, oldest } = replayed;
    console.log(`${name}: ${count} message${count === 1 ? '' : 's'} appended again, from ${from.toISOString()} on.`);
    if (oldest && oldest > from)
      console.log(`  The outbox begins at ${oldest.toISOString()}: it does not have earlier messages.`);
  }
  if (known === 0 && start.kind === 'message')
    throw new ReplayRefused(`No outbox has the message ${start.id}: it was never written, or deleted after 7 days.`);
}

function reasonOf(error: unknown): string {
  if (error instanceof ReplayRefused) return error.message;
  if (isConnectionFailure(error))
    return 'A database does not answer. None or only some of the messages were appended again. Run this again when it answers.';
  // The error of parseArgs for an unknown or incomplete option.
  if (error instanceof TypeError && 'code' in error) return `${error.message}\n${usage}`;
  return error instanceof Error ? error.message : String(error);
}
