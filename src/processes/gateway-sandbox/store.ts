import { mkdirSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

const schema = `
  CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL UNIQUE,
    booking_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    description TEXT NOT NULL,
    lines TEXT NOT NULL,
    success_url TEXT,
    status TEXT NOT NULL CHECK (status IN ('open', 'paid', 'declined', 'expired')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    held_until INTEGER,
    settled_at INTEGER,
    idempotency_key TEXT NOT NULL UNIQUE,
    request_hash TEXT NOT NULL,
    CHECK ((status = 'open') = (settled_at IS NULL))
  ) STRICT;
  CREATE INDEX IF NOT EXISTS sessions_by_booking ON sessions (booking_id, seq);
  CREATE INDEX IF NOT EXISTS open_sessions_by_end ON sessions (expires_at) WHERE status = 'open';
  CREATE TABLE IF NOT EXISTS refunds (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    created_at INTEGER NOT NULL,
    idempotency_key TEXT NOT NULL UNIQUE,
    request_hash TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'succeeded',
    changed_at INTEGER
  ) STRICT;
  CREATE INDEX IF NOT EXISTS refunds_by_session ON refunds (session_id);
  CREATE TABLE IF NOT EXISTS disputes (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    status TEXT NOT NULL CHECK (status IN ('inquiry', 'open', 'won', 'lost')),
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    withdrawn_at INTEGER
  ) STRICT;
  CREATE INDEX IF NOT EXISTS disputes_by_session ON disputes (session_id);
  CREATE TABLE IF NOT EXISTS agenda (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS agenda_by_time ON agenda (at);
  CREATE TABLE IF NOT EXISTS notices (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('WAITING', 'HELD', 'DELIVERED', 'DROPPED', 'GIVEN_UP')),
    created_at INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS mails (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    received_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS waiting_notices ON notices (next_attempt_at) WHERE state = 'WAITING';
`;

export type Row = Record<string, unknown>;

/**
 * The gateway's file. Statements are prepared once. A transaction is atomic, and survives the end of the process, when
 * `transaction` returns; it also survives the end of the machine when the next `onDisk` has resolved. Nothing may be
 * said about a change before that.
 */
export class Store {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #logPath: string;
  #log: FileHandle | undefined;
  #changes = 0;
  #changesOnDisk = 0;
  #syncing: Promise<void> | undefined;

  constructor(dataFolder: string) {
    mkdirSync(dataFolder, { recursive: true });
    const path = join(dataFolder, 'gateway.sqlite');
    this.#logPath = `${path}-wal`;
    this.#db = new DatabaseSync(path, { timeout: 5_000 });
    try {
      // EXCLUSIVE, because two gateways on one file would both deliver the same notices. The lock ends with the
      // process. NORMAL, because `onDisk` syncs the log: without blocking, and once for all calls of the moment.
      this.#db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
      this.#db.exec(`PRAGMA foreign_keys = ON; ${schema}`);
      this.#addMissingColumns();
    } catch (cause) {
      this.#db.close();
      throw new Error(`The ledger in ${dataFolder} cannot be opened; is another gateway running on it?`, { cause });
    }
  }

  /** Brings a file of an earlier version up to date, because its sessions may still be paid and refunded. */
  #addMissingColumns(): void {
    const has = (table: string, column: string): boolean =>
      this.#db.prepare('SELECT 1 FROM pragma_table_info(?) WHERE name = ?').get(table, column) !== undefined;
    if (!has('sessions', 'held_until')) this.#db.exec('ALTER TABLE sessions ADD COLUMN held_until INTEGER');
    if (!has('disputes', 'withdrawn_at')) {
      this.#db.exec('ALTER TABLE disputes ADD COLUMN withdrawn_at INTEGER');
      this.#db.exec("UPDATE disputes SET withdrawn_at = created_at WHERE status <> 'inquiry'");
    }
    if (has('refunds', 'status')) return;
    this.#db.exec("ALTER TABLE refunds ADD COLUMN status TEXT NOT NULL DEFAULT 'succeeded'");
    this.#db.exec('ALTER TABLE refunds ADD COLUMN changed_at INTEGER');
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values);
  }

  first(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values);
  }

  /** Returns how many rows were changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    this.#changes += 1;
    return Number(this.#prepare(sql).run(...values).changes);
  }

  transaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** Resolves when all that was committed before the call is on disk. */
  async onDisk(): Promise<void> {
    const own = this.#changes;
    while (this.#changesOnDisk < own) {
      this.#syncing ??= this.#sync().finally(() => {
        this.#syncing = undefined;
      });
      await this.#syncing;
    }
  }

  async #sync(): Promise<void> {
    const committed = this.#changes;
    this.#log ??= await open(this.#logPath, 'r+');
    await this.#log.datasync();
    this.#changesOnDisk = committed;
  }

  async close(): Promise<void> {
    await this.#syncing?.catch(() => undefined);
    await this.#log?.close();
    this.#db.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
