import { gauge, histogram } from './metrics.ts';
import { memorySampler, type Sampler, sampler } from './samplers.ts';
import { followTrace } from './tracing.ts';

const depth = gauge({
  name: 'frontrow_writer_queue_depth',
  help: 'Commands that wait for the inventory writer of this process, or are being written.',
});
const commands = histogram({
  name: 'frontrow_writer_batch_commands',
  help: 'Commands (holds, releases, confirmations) that one transaction of the inventory writer carried.',
  buckets: [1, 2, 4, 8, 16, 32, 64, 128],
});
const durations = histogram({
  name: 'frontrow_writer_batch_duration_seconds',
  help: 'How long one write of the inventory writer took, the wait for the locks of its events included.',
});
const redisMode = gauge({
  name: 'frontrow_redis_mode',
  help: 'How this process decides which fan gets a seat: 1 for normal (Redis turns losers away), postgresql-only, or rebuilding (PostgreSQL alone, until the seat locks are rebuilt).',
  labelNames: ['mode'],
});

type Write = {
  readonly commands: number;
  readonly events: number;
  readonly milliseconds: number;
  readonly origins: readonly { readonly traceparent?: string | undefined }[];
};

/** One write has commands of many requests: it is a span of the first recorded trace, with links to the others. */
export function observeWrite(write: Write): void {
  commands.observe(write.commands);
  durations.observe(write.milliseconds / 1000);
  const [parent, ...links] = write.origins.flatMap(({ traceparent }) => traceparent ?? []);
  if (parent === undefined) return;
  const startedAtMs = Date.now() - write.milliseconds;
  const attributes = { commands: write.commands, events: write.events };
  followTrace('write inventory', { kind: 'internal', parent, links, startedAtMs, attributes }).end({});
}

export const writerSampler = (writer: { depth(): number }): Sampler =>
  memorySampler('writer', [depth], () => [{ metric: depth, value: writer.depth() }]);

const redisModes = ['normal', 'postgresql-only', 'rebuilding'] as const;
export type RedisMode = (typeof redisModes)[number];

export const redisModeSampler = (read: () => Promise<RedisMode>): Sampler =>
  sampler({
    name: 'redis-mode',
    metrics: [redisMode],
    read: async () => {
      const current = await read();
      return redisModes.map((mode) => ({ metric: redisMode, labels: { mode }, value: Number(mode === current) }));
    },
  });
