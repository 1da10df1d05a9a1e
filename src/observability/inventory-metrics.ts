import { gauge, histogram } from './metrics.ts';
import { memorySampler, type Sampler } from './samplers.ts';
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

type Write = {
  readonly commands: number;
  readonly events: number;
  readonly milliseconds: number;
  readonly origins: readonly { readonly traceparent?: string | undefined }[];
};

/** One write has commands of many requests: it is a span of the first trace that is recorded, linked to the others. */
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
