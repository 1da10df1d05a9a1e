import { connect, type Socket } from 'node:net';

/** The answer. `start` is the beginning of the body, up to the requested length. */
export type HttpAnswer = { readonly status: number; readonly bytes: number; readonly start: string };

const HEAD_END = Buffer.from('\r\n\r\n');
/** Enough to recognise an answer; a small one whole. */
const DEFAULT_START_BYTES = 2000;

/**
 * One keep-alive connection that sends one prepared request at a time. A general client costs more than some of the
 * measured servers; this one counts bytes and reads only the beginning of a body.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #head: Buffer = Buffer.alloc(0);
  #start: Buffer = Buffer.alloc(0);
  #status = 0;
  #bytes = 0;
  /** Bytes that are still due of the body or, with chunks, of the chunk with its line end. */
  #due = 0;
  #isChunked = false;
  #inBody = false;
  #chunkLine = '';
  #isLastChunk = false;
  #settle: { resolve(answer: HttpAnswer): void; reject(error: Error): void } | undefined;
  #isClosed = false;

  readonly #startBytes: number;

  /**
   * @param startBytes the length of the body's beginning that is kept as `start`
   * @param from the local loopback address to connect from
   */
  constructor(port: number, startBytes = DEFAULT_START_BYTES, from?: string) {
    this.#startBytes = startBytes;
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      ...(from !== undefined && { localAddress: from }),
    });
    this.#socket.on('data', (data: Buffer) => this.#receive(data));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('The server closed the connection.')));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(request: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  /** Ends the connection; callers that wait for an answer get the error. */
  fail(error: Error): void {
    this.#fail(error);
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    this.#isClosed = true;
    this.#settle?.reject(error);
    this.#settle = undefined;
  }

  #receive(data: Buffer): void {
    this.#bytes += data.length;
    let rest = data;
    if (!this.#inBody) {
      this.#head = this.#head.length === 0 ? data : Buffer.concat([this.#head, data]);
      const end = this.#head.indexOf(HEAD_END);
      if (end < 0) return;
      rest = this.#head.subarray(end + HEAD_END.length);
      this.#readHead(this.#head.toString('latin1', 0, end));
    }
    if (this.#isChunked ? this.#readChunks(rest) : this.#readBody(rest)) this.#finish();
  }

  #readHead(head: string): void {
    this.#inBody = true;
    this.#status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    this.#isChunked = length === undefined;
    this.#due = Number(length ?? 0);
  }

  #keepStart(body: Buffer): void {
    const missing = this.#startBytes - this.#start.length;
    if (missing > 0) this.#start = Buffer.concat([this.#start, body.subarray(0, missing)]);
  }

  #readBody(rest: Buffer): boolean {
    this.#keepStart(rest);
    this.#due -= rest.length;
    return this.#due <= 0;
  }

  #readChunks(rest: Buffer): boolean {
    let at = 0;
    while (at < rest.length) {
      if (this.#due > 0) {
        const part = rest.subarray(at, at + this.#due);
        this.#keepStart(part);
        this.#due -= part.length;
        at += part.length;
        if (this.#due === 0 && this.#isLastChunk) return true;
        continue;
      }
      const lineEnd = rest.indexOf(10, at);
      this.#chunkLine += rest.toString('latin1', at, lineEnd < 0 ? rest.length : lineEnd);
      if (lineEnd < 0) return false;
      const size = Number.parseInt(this.#chunkLine, 16);
      this.#chunkLine = '';
      this.#isLastChunk = size === 0;
      this.#due = size + 2;
      at = lineEnd + 1;
    }
    return false;
  }

  #finish(): void {
    const answer = { status: this.#status, bytes: this.#bytes, start: this.#start.toString() };
    const settle = this.#settle;
    this.#settle = undefined;
    this.#head = Buffer.alloc(0);
    this.#start = Buffer.alloc(0);
    this.#bytes = 0;
    this.#inBody = false;
    this.#isLastChunk = false;
    settle?.resolve(answer);
  }
}

/** The bytes of a POST of JSON. `headers`: whole lines, without their ends. */
export function postJson(path: string, body: string, token?: string, headers: readonly string[] = []): string {
  const own = [...(token === undefined ? [] : [`Authorization: Bearer ${token}`]), ...headers];
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json\r\n${own
    .map((line) => `${line}\r\n`)
    .join('')}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
