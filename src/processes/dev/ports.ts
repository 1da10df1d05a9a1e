import { createServer, type Server } from 'node:net';

export interface ServicePorts {
  api: number;
  payments: number;
  gateway: number;
  /** The port of each process that has metrics. */
  metrics: Record<'api' | 'payments' | 'relay' | 'worker', number>;
  /** A notice for a developer who expects the usual ports. */
  notice: string | undefined;
  /** Releases the ports for the services. Until then another copy that starts takes other ports. */
  release(): Promise<void>;
}

const usualPort = 4000;
/** In the order of their ports, which follow the port of the API. */
const parts = ['payments', 'gateway', 'metrics-api', 'metrics-payments', 'metrics-relay', 'metrics-worker'];

export const keptPartsOf = (ports: ServicePorts): Record<string, number> => ({
  api: ports.api,
  payments: ports.payments,
  gateway: ports.gateway,
  ...Object.fromEntries(Object.entries(ports.metrics).map(([name, port]) => [`metrics-${name}`, port])),
});

/**
 * Reserves the ports of the services. The API listens on `PORT`, else on 4000, else on a free port. Payments and
 * gateway listen on the next two ports if they are free, and metrics on the four after those. `last`: the ports of the
 * last start, which are taken again if they are free, unless PORT asks for another one.
 *
 * @throws Error when `PORT` is taken or is not a port
 */
export async function reserveServicePorts(
  wanted: string | undefined,
  last: (part: string) => number | undefined = () => undefined,
): Promise<ServicePorts> {
  const asked = askedFor(wanted);
  const before = asked === undefined ? last('api') : undefined;
  const first = (before && (await reserve(before))) || (await reserve(asked ?? usualPort));
  if (first === undefined && asked !== undefined) {
    throw new Error(`PORT ${asked} is taken. Give another one: PORT=${asked + 100} npm start`);
  }
  const held = [first ?? (await reserveAny())];
  const api = portOf(held[0]);
  for (const [index, part] of parts.entries()) {
    const kept = before === api ? last(part) : undefined;
    held.push((kept && (await reserve(kept))) || (await reserve(api + index + 1)) || (await reserveAny()));
  }
  return {
    api,
    payments: portOf(held[1]),
    gateway: portOf(held[2]),
    metrics: { api: portOf(held[3]), payments: portOf(held[4]), relay: portOf(held[5]), worker: portOf(held[6]) },
    notice: noticeOf(api, [asked, before]),
    release: async () => {
      await Promise.all(held.map((server) => new Promise((done) => server.close(done))));
    },
  };
}

/** Returns no notice for a port that PORT asked for, or that the last start had. */
const noticeOf = (api: number, expected: readonly (number | undefined)[]): string | undefined =>
  api === usualPort || expected.some((port) => port === api || port === 0)
    ? undefined
    : `Port ${usualPort} is taken, so the API listens on ${api}. Set PORT to choose another one.`;

function askedFor(wanted: string | undefined): number | undefined {
  if (wanted === undefined || wanted === '') return undefined;
  const asked = Number(wanted);
  if (Number.isInteger(asked) && asked >= 0 && asked < 65_530) return asked;
  throw new Error(`PORT is "${wanted}": give a number from 0 (any free port) to 65529.`);
}

/** Listens on the port of every address, so that no other process can. Returns undefined when another process does. */
function reserve(port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((done) => {
    server.once('error', () => done(undefined));
    server.listen(port, () => done(server));
  });
}

async function reserveAny(): Promise<Server> {
  const server = await reserve(0);
  if (server === undefined) throw new Error('The system has no free TCP port.');
  return server;
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  if (!address || typeof address === 'string') throw new Error('A reserved port has no number.');
  return address.port;
}
