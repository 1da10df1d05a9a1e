import { readdirSync, readFileSync } from 'node:fs';
import { PGlite, protocol } from '@electric-sql/pglite';
import { citext } from '@electric-sql/pglite/contrib/citext';
import { cube } from '@electric-sql/pglite/contrib/cube';
import { earthdistance } from '@electric-sql/pglite/contrib/earthdistance';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import postgres from 'postgres';

export type SqlRow = Record<string, unknown>;
export type SqlResult = { readonly rows: SqlRow[]; readonly values: unknown[][]; readonly count: number };

type Column = { readonly name: string; readonly type: number };
type Statement = { readonly name: string; columns: readonly Column[] };
type Answer = { columns?: Column[]; rows: (string | null)[][]; tag: string };

/**
 * PostgreSQL compiled to WebAssembly, inside this process and with one session. It takes its time from JavaScript's
 * `Date`, so `now()` and `clock_timestamp()` are those of the caller. It answers at once: nothing runs meanwhile.
 */
export class SqlEngine {
  readonly #pg: PGlite;
  readonly #statements = new Map<string, Statement>();

  private constructor(pg: PGlite) {
    this.#pg = pg;
  }

  /** With the tables of `drizzle/<folder>`. */
  static async open(folder: 'booking' | 'payments'): Promise<SqlEngine> {
    const pg = await PGlite.create({ extensions: { citext, cube, earthdistance, pg_trgm } });
    const migrations = new URL(`../../drizzle/${folder}/`, import.meta.url);
    for (const file of readdirSync(migrations).sort()) {
      if (file.endsWith('.sql')) await pg.exec(readFileSync(new URL(file, migrations), 'utf8'));
    }
    // A statement is planned once, not again for each set of values, because planning is most of its cost.
    await pg.exec(`set plan_cache_mode = force_generic_plan; set synchronous_commit = off; set timezone = 'UTC'`);
    return new SqlEngine(pg);
  }

  /** One statement with $1, $2, ... Throws a PostgresError as the driver does. */
  query(text: string, params: readonly unknown[] = []): SqlResult {
    const statement = this.#statements.get(text) ?? this.#prepare(text);
    const { serialize } = protocol;
    const answer = this.#exchange([
      serialize.bind({ statement: statement.name, values: params.map(toText) }),
      serialize.execute({}),
      serialize.sync(),
    ]);
    const values = answer.rows.map((row) => row.map((value, index) => parse(value, statement.columns[index]?.type)));
    const { columns } = statement;
    return {
      values,
      count: Number(/\d+$/.exec(answer.tag)?.[0] ?? 0),
      get rows() {
        return values.map((row) => Object.fromEntries(columns.map((column, index) => [column.name, row[index]])));
      },
    };
  }

  /** Several statements without values. */
  script(text: string): void {
    this.#exchange([protocol.serialize.query(text)]);
  }

  close(): Promise<void> {
    return this.#pg.close();
  }

  #prepare(text: string): Statement {
    const { serialize } = protocol;
    const name = `s${this.#statements.size}`;
    const { columns = [] } = this.#exchange([
      serialize.parse({ name, text, types: [] }),
      serialize.describe({ type: 'S', name }),
      serialize.sync(),
    ]);
    const statement = { name, columns };
    this.#statements.set(text, statement);
    return statement;
  }

  #exchange(messages: readonly Uint8Array[]): Answer {
    const bytes = this.#pg.execProtocolRawSync(Buffer.concat(messages));
    const answer: Answer = { rows: [], tag: '' };
    let failure: Error | undefined;
    new protocol.Parser().parse(bytes, (message) => {
      if (message.name === 'error') failure ??= toPostgresError(message as never);
      if (message.name === 'rowDescription') answer.columns = columnsOf(message as never);
      if (message.name === 'dataRow') answer.rows.push((message as unknown as { fields: (string | null)[] }).fields);
      if (message.name === 'commandComplete') answer.tag = (message as unknown as { text: string }).text;
    });
    if (failure) throw failure;
    return answer;
  }
}

const columnsOf = (message: { fields: { name: string; dataTypeID: number }[] }): Column[] =>
  message.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }));

/** The constructor takes the fields of the server's message, which its types do not say. */
type ErrorConstructor = new (fields: object) => Error;

export const toPostgresError = (fields: { message: string; code?: string; severity?: string }): Error => {
  const { message, code, severity } = fields;
  return new (postgres.PostgresError as unknown as ErrorConstructor)({ message, code, severity });
};

function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return `{${value.map(toElement).join(',')}}`;
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const toElement = (value: unknown): string =>
  value === null || value === undefined ? 'null' : `"${String(value).replaceAll(/["\\]/g, '\\$&')}"`;

const [BOOL, BYTEA, INT2, INT4, JSON_TYPE, FLOAT4, FLOAT8, JSONB] = [16, 17, 21, 23, 114, 700, 701, 3802];
const INT4_ARRAY = 1007;

/** As postgres.js under drizzle reads them: whole numbers up to 32 bits, text for the larger ones and for instants. */
function parse(value: string | null, type: number | undefined): unknown {
  if (value === null) return null;
  switch (type) {
    case BOOL:
      return value === 't';
    case INT2:
    case INT4:
    case FLOAT4:
    case FLOAT8:
      return Number(value);
    case JSON_TYPE:
    case JSONB:
      return JSON.parse(value);
    case BYTEA:
      return Buffer.from(value.slice(2), 'hex');
    case INT4_ARRAY:
      return value === '{}' ? [] : value.slice(1, -1).split(',').map(Number);
    default:
      return value;
  }
}
