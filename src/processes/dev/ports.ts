import { createServer, type Server } from 'node:net';

export interface ServicePorts {
  api: number;
  payments: number;
  gateway: number;
  /** Where each process that has metrics tells them. */
  metrics: Record<'api' | 'payments' | 'relay' | 'worker', number>;
  /** What a person who expected the usual ports should hear. */
  notice: string | undefined;
  /** Gives the ports up for the services to take; until then another copy that starts takes others. */
  release(): Promise<void>;
}

const usualPort = 4000;

/**
 * Reserves the ports of the services. The API listens on `PORT`, else on 4000, else on a free port; payments and gateway
 * on the two after it while they are free, and metrics on the four after those.
 *
 * @throws Error when the `PORT` that was asked for is taken or is none
 */
export async function reserveServicePorts(wanted: string | undefined): Promise<ServicePorts> {
  const asked = wanted === undefined || wanted === '' ? undefined : Number(wanted);
  if (asked !== undefined && !(Number.isInteger(asked) && asked >= 0 && asked < 65_530)) {
    throw new Error(`PORT is "${wanted}": give a number from 0 (any free port) to 65529.`);
  }
  const first = await reserve(asked ?? usualPort);
  if (first === undefined && asked !== undefined) {
    throw new Error(`PORT ${asked} is taken. Give another one: PORT=${asked + 100} npm start`);
  }
  const held = [first ?? (await reserveAny())];
  const api = portOf(held[0]);
  for (let after = 1; after <= 6; after++) held.push((await reserve(api + after)) ?? (await reserveAny()));
  return {
    api,
    payments: portOf(held[1]),
    gateway: portOf(held[2]),
    metrics: { api: portOf(held[3]), payments: portOf(held[4]), relay: portOf(held[5]), worker: portOf(held[6]) },
    notice:
      first === undefined
        ? `Port ${usualPort} is taken, so the API listens on ${api}. PORT chooses another one.`
        : undefined,
    release: async () => {
      await Promise.all(held.map((server) => new Promise((done) => server.close(done))));
    },
  };
}

/** Listens on the port of every address, so that nobody else can; undefined when somebody does already. */
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
