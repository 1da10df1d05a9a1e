import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openWaitedMessages } from './waited-messages.ts';

const line = (cause: string) => `{"level":40,"cause":"${cause}","msg":"message not handled yet"}\n`;

test('only a message that waits for this reason from now on is seen', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-logs-'));
  try {
    const file = join(folder, 'payments.log');
    await writeFile(file, line('tls'));
    const waited = await openWaitedMessages(folder, 'wrong-certificate');
    await appendFile(file, line('credentials'));
    expect(await waited.isThere()).toBe(false);
    await appendFile(file, line('tls'));
    expect(await waited.isThere()).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});
