import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** The address of the server, and the local loopback address to connect from. */
export type Endpoint = { readonly port: number; readonly from: string };

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * A minimal WebSocket client that counts frames, because a general one costs more than the measured server. Frames
 * of a server are not masked and, uncompressed and small, never fragmented.
 */
export class WebSocketClient {
  readonly #socket: Socket;
  readonly #onText: (payload: Buffer) => void;
  readonly #onEnd: ((why: Error) => void) | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #isOpen = false;
  #onOpen: { resolve(): void; reject(error: Error): void } | undefined;
  #ended: Error | undefined;

  /** @param onEnd the connection ended, before `close` was called */
  constructor({ port, from }: Endpoint, onText: (payload: Buffer) => void, onEnd?: (why: Error) => void) {
    this.#onText = onText;
    this.#onEnd = onEnd;
    this.#socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true });
    this.#socket.on('data', (data: Buffer) => this.#receive(data));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('The server closed the socket.')));
  }

  /** Resolves when the server has switched protocols. */
  open(path: string, protocol: string): Promise<void> {
    const key = randomBytes(16).toString('base64');
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
    );
    return new Promise((resolve, reject) => {
      this.#onOpen = { resolve, reject };
    });
  }

  send(text: string): void {
    this.#socket.write(maskedFrame(TEXT, Buffer.from(text)));
  }

  /** Why the connection ended before `close`, if it did. */
  get ended(): Error | undefined {
    return this.#ended;
  }

  /** Stops reading from the socket until `resume`: the kernel's buffers fill, and then those of the server. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#ended ??= new Error('The client closed the socket.');
    this.#socket.removeAllListeners('close').destroy();
  }

  #fail(error: Error): void {
    const isFirst = this.#ended === undefined;
    this.#ended ??= error;
    this.#onOpen?.reject(error);
    if (isFirst && this.#isOpen) this.#onEnd?.(error);
  }

  #receive(data: Buffer): void {
    let bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    if (!this.#isOpen) {
      const end = bytes.indexOf(HEAD_END);
      if (end < 0) {
        this.#rest = bytes;
        return;
      }
      const head = bytes.toString('latin1', 0, end);
      if (!head.startsWith('HTTP/1.1 101')) {
        this.#fail(new Error(head));
        return;
      }
      this.#isOpen = true;
      this.#onOpen?.resolve();
      bytes = bytes.subarray(end + HEAD_END.length);
    }
    this.#rest = this.#readFrames(bytes);
  }

  /** The rest is the beginning of a frame. */
  #readFrames(bytes: Buffer): Buffer {
    let at = 0;
    for (;;) {
      const short = (bytes[at + 1] ?? 0) & 127;
      const headerLength = headerLengthOf(short);
      if (bytes.length < at + headerLength) break;
      const length = lengthAt(bytes, at + 2, short);
      const end = at + headerLength + length;
      if (bytes.length < end) break;
      this.#take((bytes[at] ?? 0) & 15, bytes.subarray(at + headerLength, end));
      at = end;
    }
    return at === bytes.length ? Buffer.alloc(0) : bytes.subarray(at);
  }

  #take(kind: number, payload: Buffer): void {
    if (kind === TEXT) this.#onText(payload);
    else if (kind === PING) this.#socket.write(maskedFrame(PONG, payload));
    else if (kind === CLOSE)
      this.#fail(
        new Error(`The server closed the socket: ${payload.readUInt16BE(0)} ${payload.subarray(2).toString()}`),
      );
  }
}

function headerLengthOf(short: number): number {
  if (short < 126) return 2;
  return short === 126 ? 4 : 10;
}

function lengthAt(bytes: Buffer, at: number, short: number): number {
  if (short < 126) return short;
  return short === 126 ? bytes.readUInt16BE(at) : Number(bytes.readBigUInt64BE(at));
}

/** With a mask of zeros, which leaves the payload unchanged. */
function maskedFrame(kind: number, payload: Buffer): Buffer {
  const isShort = payload.length < 126;
  const header = Buffer.alloc(isShort ? 6 : 8);
  header[0] = 0x80 | kind;
  header[1] = 0x80 | (isShort ? payload.length : 126);
  if (!isShort) header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}
