import type { RunningServer } from '#processes/dev/servers/server-process.ts';

/** A server of the run that dies and comes back at the same address. */
export type Restartable = {
  pid(): number;
  /** Resolves when it is gone. SIGKILL by default. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves when it accepts connections again. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

/** @param launch starts it on the same data and port each time */
export async function openRestartable(launch: () => Promise<RunningServer>): Promise<Restartable & { url: string }> {
  let server = await launch();
  return {
    url: server.url,
    pid: () => server.pid,
    async kill(signal = 'SIGKILL') {
      process.kill(server.pid, signal);
      await server.exited;
      await server.stop();
    },
    async start() {
      server = await launch();
    },
    stop: () => server.stop(),
  };
}
