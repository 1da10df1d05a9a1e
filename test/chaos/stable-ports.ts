import { isPortFree } from '#processes/dev/servers/server-process.ts';

/** Below what systems give to outgoing connections: a port of a killed server must still be free when it comes back. */
const LOWEST = 12_000;
const SPAN = 18_000;

/** So many neighbouring ports that nobody listens on, below the ephemeral ones. */
export async function takeStablePorts(count: number): Promise<number[]> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const first = LOWEST + Math.floor(Math.random() * (SPAN - count));
    const ports = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(ports.map(isPortFree));
    if (free.every(Boolean)) return ports;
  }
  throw new Error('There are no free ports for the processes of a run.');
}
