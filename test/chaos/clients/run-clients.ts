import { type AckLog, type HistoryWriter, openAckLog, openHistory } from '../history-files.ts';
import type { ClientConfig, FromClients, ToClients } from './protocol.ts';
import { Tally } from './tally.ts';

export type Notebook = { readonly tally: Tally; readonly history: HistoryWriter; readonly acks: AckLog };

/** `isFinishing`: clients must begin nothing new. */
export type Phase = { isFinishing: boolean };

const TELL_EVERY_MS = 500;

/**
 * The frame of a process of clients: waits for its configuration, reports its work to its parent twice a second, and
 * ends when its work has ended after the request to finish, or with its parent.
 */
export function runClients<Config extends ClientConfig>(
  work: (config: Config, notebook: Notebook, phase: Phase) => Promise<void>,
): void {
  const phase: Phase = { isFinishing: false };
  const send = (message: FromClients): void => {
    process.send?.(message);
  };
  const run = async (config: Config): Promise<void> => {
    const tally = new Tally();
    const history = openHistory(config.historyFolder, config.name);
    const acks = openAckLog(config.historyFolder, config.name);
    const timer = setInterval(() => send({ kind: 'state', state: tally.state() }), TELL_EVERY_MS);
    try {
      await work(config, { tally, history, acks }, phase);
    } finally {
      clearInterval(timer);
      history.close();
      await acks.close();
    }
    send({ kind: 'done', state: tally.state() });
  };
  process.on('message', (message: ToClients<Config>) => {
    if (message.kind === 'finish') phase.isFinishing = true;
    else {
      run(message.config).then(
        () => process.disconnect?.(),
        (error: unknown) => {
          send({ kind: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
          process.disconnect?.();
        },
      );
    }
  });
  process.on('disconnect', () => process.exit());
}
