import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';

/** The effect on every connection through the proxy, open or new, until the next fault is set. */
export type Fault =
  | { readonly kind: 'pass' }
  /** Each chunk arrives this much later, each way. */
  | { readonly kind: 'latency'; readonly ms: number }
  /**
   * No data and no end of a connection arrives, either way. The data arrives when the fault is over, as if TCP had
   * sent it again.
   */
  | { readonly kind: 'black-hole' }
  /** Open connections are reset, and new ones as soon as they are made. */
  | { readonly kind: 'reset' }
  /** The end of a connection reaches its other side this much later. */
  | { readonly kind: 'slow-close'; readonly ms: number };

export type FaultProxy = {
  readonly port: number;
  /** The same URL through the proxy. */
  through(url: string): string;
  set(fault: Fault): void;
  /** New connections go there; open ones stay where they are. */
  pointTo(url: string): void;
  /** Resets the open connections once. */
  cut(): void;
  /** The number of connections that clients have open. */
  open(): number;
  close(): Promise<void>;
};

type Target = { readonly host: string; readonly port: number };

const targetOf = (url: string): Target => {
  const { hostname, port } = new URL(url);
  if (!port) throw new Error(`The proxy needs a port: ${hostname}.`);
  return { host: hostname, port: Number(port) };
};

/** A way over loopback to the server of `url`, with faults on request. */
export async function openFaultProxy(url: string): Promise<FaultProxy> {
  let target = targetOf(url);
  let fault: Fault = { kind: 'pass' };
  const ways = new Set<Way>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    const way = new Way(client, () => target, { onClosed: () => ways.delete(way) });
    ways.add(way);
    way.apply(fault);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  const { port } = address;
  return {
    port,
    through(of) {
      const own = new URL(of);
      own.hostname = '127.0.0.1';
      own.port = String(port);
      return own.href;
    },
    set(next) {
      fault = next;
      for (const way of [...ways]) way.apply(next);
    },
    pointTo(next) {
      target = targetOf(next);
    },
    cut() {
      for (const way of [...ways]) way.reset();
    },
    open: () => ways.size,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const way of [...ways]) way.reset();
      await closed;
    },
  };
}

/** One connection of a client and, as soon as data may pass, its connection to the server. */
class Way {
  readonly #client: Socket;
  readonly #targetOf: () => Target;
  readonly #onClosed: () => void;
  #upstream: Socket | undefined;
  #lanes: readonly Lane[] = [];
  #fault: Fault = { kind: 'pass' };
  #isOver = false;

  constructor(client: Socket, targetOf: () => Target, { onClosed }: { onClosed: () => void }) {
    this.#client = client;
    this.#targetOf = targetOf;
    this.#onClosed = onClosed;
    this.#watch(client);
  }

  apply(fault: Fault): void {
    this.#fault = fault;
    if (fault.kind === 'reset') this.reset();
    else if (fault.kind === 'black-hole') for (const lane of this.#lanes) lane.stop();
    else {
      if (this.#upstream === undefined) this.#dial();
      for (const lane of this.#lanes) lane.go(fault);
    }
  }

  /** The next read or write of the client fails. */
  reset(): void {
    this.#client.resetAndDestroy();
    this.#upstream?.resetAndDestroy();
    this.#end();
  }

  #dial(): void {
    const upstream = dial({ ...this.#targetOf(), allowHalfOpen: true });
    this.#upstream = upstream;
    this.#watch(upstream);
    this.#lanes = [new Lane(this.#client, upstream), new Lane(upstream, this.#client)];
  }

  /** A broken connection breaks its other half; in a black hole only after the fault. */
  #watch(socket: Socket): void {
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', (hadError) => {
      if (hadError && this.#fault.kind !== 'black-hole') this.reset();
      else if (this.#client.destroyed && (this.#upstream?.destroyed ?? true)) this.#end();
    });
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const lane of this.#lanes) lane.stop();
    this.#onClosed();
  }
}

type Piece = { readonly bytes: Buffer | 'end'; readonly arrivedMs: number };

/** The limit of queued bytes before the sender has to wait, like a socket's own buffers. */
const QUEUE_BYTES = 1024 * 1024;

/** One direction of a connection: chunks leave in the order in which they arrived, as late as the fault says. */
class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #queue: Piece[] = [];
  #queuedBytes = 0;
  #fault: Fault = { kind: 'black-hole' };
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket) {
    this.#from = from;
    this.#to = to;
    from.on('data', (bytes: Buffer) => this.#push(bytes));
    from.on('end', () => this.#push('end'));
    to.on('drain', () => this.#flush());
    from.pause();
  }

  go(fault: Fault): void {
    this.#fault = fault;
    // It ended during a black hole.
    if (this.#from.destroyed && !this.#from.readableEnded) this.#to.resetAndDestroy();
    this.#flush();
  }

  stop(): void {
    this.#fault = { kind: 'black-hole' };
    clearTimeout(this.#timer);
    this.#from.pause();
  }

  #push(bytes: Buffer | 'end'): void {
    this.#queue.push({ bytes, arrivedMs: performance.now() });
    if (bytes !== 'end') this.#queuedBytes += bytes.length;
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    if (this.#fault.kind === 'black-hole') return;
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      const waitMs = next.arrivedMs + this.#delayOf(next) - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#flush(), waitMs);
        break;
      }
      if (this.#to.writableNeedDrain) break;
      this.#queue.shift();
      this.#pass(next.bytes);
    }
    if (this.#queuedBytes > QUEUE_BYTES) this.#from.pause();
    else this.#from.resume();
  }

  #delayOf({ bytes }: Piece): number {
    if (this.#fault.kind === 'latency') return this.#fault.ms;
    return this.#fault.kind === 'slow-close' && bytes === 'end' ? this.#fault.ms : 0;
  }

  #pass(bytes: Buffer | 'end'): void {
    if (bytes === 'end') this.#to.end();
    else {
      this.#queuedBytes -= bytes.length;
      if (this.#to.writable) this.#to.write(bytes);
    }
  }
}
