import { failpoint } from '#db/failpoint.ts';
import { TryAgain } from '#domain/errors.ts';
import { outageOf } from '#domain/outages.ts';
import { type DomainEvent, domainEvent } from '#events/contracts.ts';
import { type Consumption, DependencyAway, type Message, Unhandleable } from '#events/log/log.ts';
import type { Origin } from '#events/origin.ts';
import { traceIdOf } from '#observability/tracing.ts';
import { countMessage, timeMessage } from '#observability/worker-metrics.ts';
import type { MessageTrials } from './message-trials.ts';
import { asPartOf, asPartsOf } from './traced.ts';

/** One of several messages; what is written for it has its `origin`. */
export type Received = {
  readonly event: DomainEvent;
  readonly messageId: string;
  readonly origin: Origin | undefined;
};

/** The messages for which the condition holds, of each event up to the first one for which it does not. */
export function firstOfEachKey<Of extends { readonly event: DomainEvent }>(
  messages: readonly Of[],
  condition: (message: Of) => boolean,
): Of[] {
  const stuck = new Set<string>();
  return messages.filter((message) => {
    const { eventId } = message.event;
    if (stuck.has(eventId)) return false;
    if (condition(message)) return true;
    stuck.add(eventId);
    return false;
  });
}

/** What a worker does with messages; `run` is called at least once per message, and guards itself by the message's id. */
export type MessageWorker<Needs> = {
  readonly name: string;
  readonly run: (
    needs: Needs,
    event: DomainEvent,
    context: { messageId: string; signal: AbortSignal },
  ) => Promise<void>;
  /**
   * The same for several messages at once, in order within an event. Returns the ids of those that are done: of each
   * event the first ones, none behind one that is not. The others are given to `run`. Rejects when none took effect.
   */
  readonly runMany?: (
    needs: Needs,
    messages: readonly Received[],
    context: { signal: AbortSignal },
  ) => Promise<ReadonlySet<string>>;
};

type Handling = {
  readonly trials: MessageTrials;
  readonly log: { info: (fields: object, message: string) => void };
  readonly signal: AbortSignal;
};

/** How a worker takes messages: one alone, or several together if it can. */
export function handlersOf<Needs>(
  one: MessageWorker<Needs>,
  needs: Needs,
  handling: Handling,
): Pick<Consumption, 'handle' | 'handleTogether'> {
  const { trials, signal } = handling;
  const handle: Consumption['handle'] = async (message, { isReplayed } = { isReplayed: false }) => {
    const startedMs = performance.now();
    const event = eventIn(message);
    await asPartOf(message.origin, { name: `${one.name} ${event.type}`, kind: 'consumer' }, () =>
      trials.run({ id: message.id, type: event.type, isReplayed }, () =>
        one.run(needs, event, { messageId: message.id, signal }),
      ),
    );
    report(one.name, handling, [{ message, type: event.type, startedMs }]);
  };
  const { runMany } = one;
  if (!runMany) return { handle };
  return {
    handle,
    handleTogether: async (messages) => {
      const startedMs = performance.now();
      const read = readableOf(messages);
      const passed = await trials.runTogether(async () => {
        const done = await together(one.name, read, (received) => runMany(needs, received, { signal }));
        return read
          .filter(({ id }) => done.has(id))
          .map(({ id, event, message }) => ({ id, type: event.type, message }));
      });
      report(
        one.name,
        handling,
        passed.map(({ message, type }) => ({ message, type, startedMs })),
      );
      return new Set(passed.map(({ id }) => id));
    },
  };
}

type Read = { readonly id: string; readonly message: Message; readonly event: DomainEvent };

/** Without those that cannot be read, and what is behind them: each of these is delivered alone. */
function readableOf(messages: readonly Message[]): Read[] {
  const stuck = new Set<string>();
  return messages.flatMap((message) => {
    const parsed = stuck.has(message.key) ? undefined : domainEvent.safeParse(message.event);
    if (parsed?.success) return [{ id: message.id, message, event: parsed.data }];
    stuck.add(message.key);
    return [];
  });
}

async function together(
  name: string,
  read: readonly Read[],
  work: (received: readonly Received[]) => Promise<ReadonlySet<string>>,
): Promise<ReadonlySet<string>> {
  if (read.length === 0) return new Set();
  try {
    return await asPartsOf(
      read.map(({ message }) => message.origin),
      (index) => ({ name: `${name} ${read[index]?.event.type}`, kind: 'consumer' }),
      (origins) => work(read.map(({ id, event }, index) => ({ event, messageId: id, origin: origins[index] }))),
    );
  } catch (error) {
    // In an outage smaller sets would fail alike.
    if (error instanceof DependencyAway || (!outageOf(error) && !(error instanceof TryAgain))) throw error;
    throw new DependencyAway('The messages wait.', { cause: error });
  }
}

/** A message that breaks the contract will break it in the next try, too. */
function eventIn({ event }: Message): DomainEvent {
  const parsed = domainEvent.safeParse(event);
  if (parsed.success) return parsed.data;
  throw new Unhandleable(`This is not a domain event of Frontrow: ${parsed.error.message}`, { cause: parsed.error });
}

type Handled = { readonly message: Message; readonly type: string; readonly startedMs: number };

function report(worker: string, { log }: Handling, handled: readonly Handled[]): void {
  const now = performance.now();
  for (const { message, type, startedMs } of handled) {
    countMessage(worker, 'handled');
    const delaySeconds = (Date.now() - message.createdAt.getTime()) / 1000;
    timeMessage(worker, { seconds: (now - startedMs) / 1000, delaySeconds });
    log.info({ ...about(message), worker, ms: Math.round((now - startedMs) * 10) / 10 }, type);
  }
  if (handled.length > 0) failpoint('message.handled');
}

/** For a log line. */
export const about = (message: Message) => ({
  messageId: message.id,
  eventId: message.key,
  offset: message.offset,
  requestId: message.origin?.requestId,
  traceId: traceIdOf(message.origin?.traceparent),
});
