/**
 * The binary messages of PostgreSQL's streaming replication protocol, as far as an insert-only publication needs
 * them. Source: PostgreSQL manual, "Logical Replication Message Formats" and "Streaming Replication Protocol".
 */
const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1);

export type InsertedRow = Readonly<Record<string, string | null>>;

/** A committed transaction. `endLsn` is the position to acknowledge once its rows are safe elsewhere. */
export type DecodedTransaction = {
  readonly endLsn: bigint;
  readonly commitMs: number;
  readonly rows: readonly InsertedRow[];
};

export type ServerMessage =
  | { kind: 'keepalive'; endLsn: bigint; replyWanted: boolean }
  | { kind: 'data'; lsn: bigint; payload: Buffer }
  | { kind: 'other' };

export function readServerMessage(buffer: Buffer): ServerMessage {
  if (buffer[0] === 0x6b)
    return { kind: 'keepalive', endLsn: buffer.readBigUInt64BE(1), replyWanted: buffer[17] === 1 };
  if (buffer[0] === 0x77) return { kind: 'data', lsn: buffer.readBigUInt64BE(1), payload: buffer.subarray(25) };
  return { kind: 'other' };
}

/** Acknowledges everything up to `flushed`: PostgreSQL may delete it. Asks for a keepalive, which comes at once. */
export function standbyStatus(received: bigint, flushed: bigint, nowMs: number): Buffer {
  const status = Buffer.alloc(34);
  status[0] = 0x72;
  status.writeBigUInt64BE(received > flushed ? received : flushed, 1);
  status.writeBigUInt64BE(flushed, 9);
  status.writeBigUInt64BE(flushed, 17);
  status.writeBigInt64BE(BigInt(nowMs - POSTGRES_EPOCH_MS) * 1000n, 25);
  status[33] = 1;
  return status;
}

class Reader {
  private readonly buffer: Buffer;
  private at = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }
  skip(bytes: number): void {
    this.at += bytes;
  }
  uint8(): number {
    return this.buffer.readUInt8(this.at++);
  }
  int16(): number {
    const value = this.buffer.readInt16BE(this.at);
    this.at += 2;
    return value;
  }
  int32(): number {
    const value = this.buffer.readInt32BE(this.at);
    this.at += 4;
    return value;
  }
  uint64(): bigint {
    const value = this.buffer.readBigUInt64BE(this.at);
    this.at += 8;
    return value;
  }
  cString(): string {
    const end = this.buffer.indexOf(0, this.at);
    const value = this.buffer.toString('utf8', this.at, end);
    this.at = end + 1;
    return value;
  }
  text(length: number): string {
    const value = this.buffer.toString('utf8', this.at, this.at + length);
    this.at += length;
    return value;
  }
}

/**
 * Collects the rows of a transaction and returns it at its commit. Proto version 1: whole transactions in commit
 * order.
 */
export class TransactionDecoder {
  private readonly columns = new Map<number, readonly string[]>();
  private rows: InsertedRow[] | undefined;
  private commitMs = 0;

  get insideTransaction(): boolean {
    return this.rows !== undefined;
  }

  push(payload: Buffer): DecodedTransaction | undefined {
    const reader = new Reader(payload);
    switch (String.fromCharCode(reader.uint8())) {
      case 'B':
        reader.skip(8);
        this.commitMs = Number(reader.uint64() / 1000n) + POSTGRES_EPOCH_MS;
        this.rows = [];
        return undefined;
      case 'R':
        this.readRelation(reader);
        return undefined;
      case 'I':
        this.rows?.push(this.readInsert(reader));
        return undefined;
      case 'C': {
        reader.skip(9);
        const transaction = { endLsn: reader.uint64(), commitMs: this.commitMs, rows: this.rows ?? [] };
        this.rows = undefined;
        return transaction;
      }
      default:
        return undefined;
    }
  }

  private readRelation(reader: Reader): void {
    const id = reader.int32();
    reader.cString();
    reader.cString();
    reader.skip(1);
    const names = Array.from({ length: reader.int16() }, () => {
      reader.skip(1);
      const name = reader.cString();
      reader.skip(8);
      return name;
    });
    this.columns.set(id, names);
  }

  private readInsert(reader: Reader): InsertedRow {
    const names = this.columns.get(reader.int32());
    if (!names) throw new Error('The server sent a row before the description of its table.');
    reader.skip(1);
    const row: Record<string, string | null> = {};
    for (let i = 0, count = reader.int16(); i < count; i++) {
      const kind = String.fromCharCode(reader.uint8());
      row[names[i] ?? i] = kind === 't' ? reader.text(reader.int32()) : null;
    }
    return row;
  }
}
