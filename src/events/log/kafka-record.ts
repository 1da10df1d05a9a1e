import { createHash } from 'node:crypto';
import type { Message as KafkaMessage, MessageToProduce } from '@platformatic/kafka';
import { isUuidOfAnyCase } from '#shared/uuid.ts';
import { type AggregateType, aggregateTypes } from '../contracts.ts';
import { originOf, storedOrigin } from '../origin.ts';
import type { Message, NewMessage } from './log.ts';

/**
 * A record in a topic is exactly what Debezium's outbox event router makes of the same outbox row with the connectors
 * of deploy/debezium, so that readers cannot distinguish the writers and either may take over from the other. The key
 * is the event's id, the value the payload as PostgreSQL prints a jsonb, the headers the outbox row's `id`, `type`,
 * `request_id` and `traceparent` (the latter two may be null), the timestamp the time of the append.
 */

export type Produced = MessageToProduce<string, string, string, string | null>;
export type Consumed = KafkaMessage<string, string, string, string>;

export const topicOf = (prefix: string, type: AggregateType): string => `${prefix}.${type}`;

export function toRecord(prefix: string, message: NewMessage): Produced {
  const { requestId, traceparent } = storedOrigin(message.origin);
  return {
    topic: topicOf(prefix, message.topic),
    key: message.key,
    value: jsonbText(message.event),
    headers: new Map<string, string | null>([
      ['id', message.id],
      ['type', typeOf(message.event)],
      ['request_id', requestId],
      ['traceparent', traceparent],
    ]),
    timestamp: BigInt(Date.now()),
  };
}

/** Every record becomes a message, so that an unreadable one is parked and not lost. */
export function toMessage(prefix: string, record: Consumed): Message {
  const { key, value, headers, partition } = record;
  const topic = aggregateTypes.find((type) => topicOf(prefix, type) === record.topic);
  if (!topic) throw new Error(`This consumer did not subscribe to the topic ${record.topic}.`);
  const id = headers.get('id');
  const isOurs = id !== undefined && isUuidOfAnyCase(id);
  return {
    id: isOurs ? id : idOfPlace(record),
    topic,
    key: key ?? '',
    event: isOurs ? parsed(value) : { unreadable: value ?? null },
    createdAt: new Date(Number(record.timestamp)),
    origin: originOf({ requestId: headers.get('request_id') ?? null, traceparent: headers.get('traceparent') ?? null }),
    partition,
    offset: Number(record.offset),
  };
}

/** The id of a record without one of our ids: the same each time it is read. */
function idOfPlace({ topic, partition, offset }: Consumed): string {
  const hash = createHash('sha256').update(`${topic}/${partition}/${offset}`).digest('hex');
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `8${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join('-');
}

function parsed(value: string | undefined): unknown {
  try {
    return JSON.parse(value ?? 'null');
  } catch {
    return { unreadable: value };
  }
}

function typeOf(event: unknown): string {
  const type = typeof event === 'object' && event !== null && 'type' in event ? event.type : undefined;
  return typeof type === 'string' ? type : '';
}

/**
 * JSON as PostgreSQL prints a jsonb: a space after each comma and colon. The keys come from a jsonb, so their order
 * matches.
 */
function jsonbText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonbText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}: ${jsonbText(member)}`).join(', ')}}`;
}
