import { gauge, histogram } from './metrics.ts';
import { memorySampler, type Sampler } from './samplers.ts';

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

export function countWrite(write: { readonly commands: number; readonly milliseconds: number }): void {
  commands.observe(write.commands);
  durations.observe(write.milliseconds / 1000);
}

export const writerSampler = (writer: { depth(): number }): Sampler =>
  memorySampler('writer', [depth], () => [{ metric: depth, value: writer.depth() }]);
