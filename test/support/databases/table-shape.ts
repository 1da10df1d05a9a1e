import { getTableColumns, getTableName, type Table } from 'drizzle-orm';
import type postgres from 'postgres';

type Column = { name: string; type: string; required: boolean; hasDefault: boolean };

const byName = (a: Column, b: Column) => a.name.localeCompare(b.name);

/** The columns of the table after the migrations. */
export async function columnsInSql(sql: postgres.Sql, table: Table): Promise<Column[]> {
  const rows = await sql<Column[]>`
    select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as required,
      atthasdef or attidentity <> '' as "hasDefault"
    from pg_attribute where attrelid = ${getTableName(table)}::regclass and attnum > 0 and not attisdropped`;
  return [...rows].sort(byName);
}

/** The columns of the table as the code describes them. */
export function columnsInCode(table: Table): Column[] {
  const columns = Object.values(getTableColumns(table)).map((column) => ({
    name: column.name,
    type: column.getSQLType(),
    required: column.notNull,
    hasDefault: column.hasDefault,
  }));
  return columns.sort(byName);
}
