import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { createPaymentsDatabase } from '#test/support/databases/databases.ts';
import { columnsInCode, columnsInSql } from '#test/support/databases/table-shape.ts';
import { disputes, notices, payments, refundableLines, refunds } from './tables.ts';

const database = await createPaymentsDatabase();
const sql = postgres(database.url, { max: 1 });
afterAll(async () => {
  await sql.end();
  await database.drop();
});

test.each([payments, notices, refunds, refundableLines, disputes])(
  'the table in code equals the table in SQL',
  async (table) => {
    expect(columnsInCode(table)).toEqual(await columnsInSql(sql, table));
  },
);
