import type { GatheringTimes } from '#shared/gathering.ts';
import type { AggregateType } from '../contracts.ts';
import type { Origin } from '../origin.ts';

/** A message to append. `key` keeps messages in order: those of one key are handled one after the other. */
export type NewMessage = {
  readonly id: string;
  readonly topic: AggregateType;
  readonly key: string;
  /** JSON, not yet checked against the contract. */
  readonly event: unknown;
  /** A log on Kafka stores the time of the append instead. */
  readonly createdAt: Date;
  readonly origin?: Origin | undefined;
};

export type Message = NewMessage & { readonly partition: number; readonly offset: number };

/** `isReplayed`: the message was parked before, and an operator asked to try it again. */
export type Delivered = { readonly isReplayed: boolean };

/** Thrown by a handler whose dependency is away: the message is tried again without a limit, and never parked. */
export class DependencyAway extends Error {}

/** Thrown by a handler that knows that no further try will help: the message is parked at once. */
export class Unhandleable extends Error {}

export type Consumption = {
  /** Each group sees every message; the processes of one group share them. */
  group: string;
  topics: readonly AggregateType[];
  /**
   * Must be idempotent: a message comes again after a crash of its writer or its reader, and then also after newer
   * ones of its key. A message that fails three times is parked, so the handler throws `DependencyAway` for every
   * error that the message did not cause.
   */
  handle: (message: Message, delivered?: Delivered) => Promise<void>;
  /**
   * Handles several messages at once, those of a key in order. Resolves with the ids of those that it handled: of each
   * key the first ones, and none behind one that it did not handle. The others are given to `handle`, one by one.
   * Rejects when none of it took effect: with `DependencyAway` when smaller sets would fail alike, otherwise each half
   * is tried alone.
   */
  handleTogether?: (messages: readonly Message[]) => Promise<ReadonlySet<string>>;
  /**
   * The time from one batch to the next, so that messages that arrive meanwhile are one batch. The first message after
   * a pause is delivered at once.
   */
  gathering?: GatheringTimes;
  /** Ends the consumption; what is being handled is finished first. */
  signal: AbortSignal;
  onTrouble: (trouble: { kind: 'retry' | 'parked' | 'away' | 'lost'; error: unknown; message?: Message }) => void;
  /** The log was read, or its notifications are received: after `lost` it is available again. May be called often. */
  onFound?: () => void;
};

/**
 * The port between the outbox and the consumers of events. At least once, in order per key. Two implementations share
 * one conformance suite.
 */
export interface EventLog {
  /**
   * Resolves when the messages are durable. A message that is appended again, as after a failure, may be stored
   * twice: never before the messages that preceded its first copy. So a reader that reads in order and remembers what
   * it has seen misses nothing and does nothing twice.
   */
  append(messages: readonly NewMessage[]): Promise<void>;
  /** Resolves when the signal was raised and everything under way is done. */
  consume(consumption: Consumption): Promise<void>;
  /** What each group has not read yet, when the log knows it. */
  lag?(): Promise<readonly Unread[]>;
  /** Only for a log on servers of its own. Rejects with the reason while they cannot be reached. */
  check?(): Promise<void>;
  close(): Promise<void>;
}

export type Unread = { readonly group: string; readonly topic: AggregateType; readonly unread: number };
