import { type HttpAnswer, HttpConnection } from '#test/fans/lean-http.ts';

/** A few keep-alive connections to one server, shared by many callers; a caller waits for a free one. */
export class HttpPool {
  readonly #port: number;
  readonly #idle: HttpConnection[] = [];
  readonly #waiting: ((connection: HttpConnection) => void)[] = [];
  #left: number;

  constructor(port: number, connections: number) {
    this.#port = port;
    this.#left = connections;
  }

  /** Rejects when the connection breaks before the answer has arrived. */
  async send(request: string): Promise<HttpAnswer> {
    const connection = await this.#take();
    try {
      return await connection.send(request);
    } finally {
      this.#giveBack(connection);
    }
  }

  close(): void {
    for (const connection of this.#idle) connection.close();
  }

  #take(): HttpConnection | Promise<HttpConnection> {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (!idle.isClosed) return idle;
      this.#left += 1;
    }
    if (this.#left === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#left -= 1;
    return new HttpConnection(this.#port);
  }

  #giveBack(connection: HttpConnection): void {
    const usable = connection.isClosed ? new HttpConnection(this.#port) : connection;
    const next = this.#waiting.shift();
    if (next) next(usable);
    else this.#idle.push(usable);
  }
}
