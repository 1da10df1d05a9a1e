import { drizzle } from 'drizzle-orm/postgres-js';
import type { Db } from '#db/client.ts';
import type { Actor } from './scheduler.ts';
import type { SqlResult, SqlRow } from './sql-engine.ts';
import { type SqlServer, SqlSession } from './sql-server.ts';

type Rows = SqlRow[] & { count: number };
type Work<T> = (sql: SessionClient) => Promise<T> | T;

/** The part of a postgres.js client that drizzle uses: a pool of connections to a simulated server. */
export function openSimulatedDb(server: SqlServer, actor: Actor, poolMax: number): Db {
  actor.onDeath.push(() => server.forget(actor));
  return drizzle(new PoolClient(server, actor, poolMax) as never) as Db;
}

/** A query under way: awaited it returns the rows as objects, `values()` returns them as arrays. */
class Query implements PromiseLike<Rows> {
  readonly #result: Promise<SqlResult>;

  constructor(result: Promise<SqlResult>) {
    this.#result = result;
    // A caller that awaits it gets the error; a pipelined statement that is not awaited must not end the process.
    result.catch(() => {});
  }

  // biome-ignore lint/suspicious/noThenProperty: postgres.js answers with such a one
  then<A = Rows, B = never>(
    onRows?: ((rows: Rows) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#result.then(({ rows, count }) => Object.assign([...rows], { count })).then(onRows, onError);
  }

  values(): Promise<unknown[][]> & { cursor: (size: number) => AsyncIterable<unknown[][]> } {
    const values = this.#result.then((result) => result.values);
    values.catch(() => {});
    return Object.assign(values, { cursor: (size: number) => pagesOf(values, size) });
  }
}

async function* pagesOf(values: Promise<unknown[][]>, size: number): AsyncGenerator<unknown[][]> {
  const all = await values;
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}

function ask(server: SqlServer, session: SqlSession, text: string, params: readonly unknown[]): Promise<SqlResult> {
  return new Promise((resolve, reject) => {
    server.send(session, text, params, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
  });
}

/** One connection, inside a transaction. */
class SessionClient {
  readonly options = { parsers: {}, serializers: {} };
  failure: unknown;
  readonly #server: SqlServer;
  readonly #session: SqlSession;

  constructor(server: SqlServer, session: SqlSession) {
    this.#server = server;
    this.#session = session;
  }

  unsafe(text: string, params: readonly unknown[] = []): Query {
    const result = ask(this.#server, this.#session, text, params);
    result.catch((error: unknown) => {
      this.failure ??= error;
    });
    return new Query(result);
  }
}

class PoolClient {
  readonly options = { parsers: {}, serializers: {} };
  readonly #server: SqlServer;
  readonly #actor: Actor;
  readonly #max: number;
  readonly #idle: SqlSession[] = [];
  readonly #waiting: ((session: SqlSession) => void)[] = [];
  #opened = 0;

  constructor(server: SqlServer, actor: Actor, max: number) {
    this.#server = server;
    this.#actor = actor;
    this.#max = max;
  }

  unsafe(text: string, params: readonly unknown[] = []): Query {
    return new Query(this.#withSession((session) => ask(this.#server, session, text, params)));
  }

  /** As in postgres.js: a failed statement ends the transaction, even if its failure was not awaited. */
  begin<T>(work: Work<T>): Promise<T> {
    return this.#withSession(async (session) => {
      await ask(this.#server, session, 'begin', []);
      const client = new SessionClient(this.#server, session);
      let result: T;
      try {
        result = await work(client);
        if (client.failure) throw client.failure;
      } catch (error) {
        await ask(this.#server, session, 'rollback', []).catch(() => {});
        throw error;
      }
      await ask(this.#server, session, 'commit', []);
      return result;
    });
  }

  async #withSession<T>(use: (session: SqlSession) => Promise<T>): Promise<T> {
    const session = await this.#take();
    try {
      return await use(session);
    } finally {
      this.#giveBack(session);
    }
  }

  #take(): Promise<SqlSession> {
    const idle = this.#idle.pop();
    if (idle) return Promise.resolve(idle);
    if (this.#opened >= this.#max) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#opened += 1;
    return Promise.resolve(new SqlSession(this.#actor));
  }

  #giveBack(session: SqlSession): void {
    const usable = session.isBroken ? new SqlSession(this.#actor) : session;
    const next = this.#waiting.shift();
    if (next) next(usable);
    else this.#idle.push(usable);
  }
}
