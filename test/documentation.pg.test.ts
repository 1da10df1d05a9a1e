import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { buildSchema, parse, validate } from 'graphql';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import { planIdOf } from '#domain/catalog/import/import-plan-statements.ts';
import { nameBasedId } from '#domain/catalog/import/name-based-id.ts';
import { SEATING_PLAN_GENERATOR } from '#domain/catalog/seating-plan-generator.ts';
import { domainEvent } from '#events/contracts.ts';
import { examples } from '#http/graphiql-examples.ts';
import { createBookingDatabase, createPaymentsDatabase } from '#test/support/databases/databases.ts';
import { readPromises } from '../scripts/check/schema.ts';

const root = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const pages = [...globSync('*.md', { cwd: root }), ...globSync('docs/**/*.md', { cwd: root })].sort();

const blocksOf = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^ *\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\`$`, 'gm'))].map((match) => match[1] ?? '');

/** As GitHub makes them. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

test('every link of every page leads to a file and an anchor', () => {
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
      if (/^https?:/.test(target)) return [];
      const [path = '', anchor] = target.split('#', 2);
      const file = path === '' ? join(root, page) : resolve(root, dirname(page), path);
      if (!existsSync(file)) return [`${page}: ${target}`];
      const found = anchor === undefined || anchorsOf(readFileSync(file, 'utf8')).includes(anchor);
      return found ? [] : [`${page}: ${target}`];
    }),
  );
  expect(pages.length).toBeGreaterThan(20);
  expect(broken).toEqual([]);
});

test('the numbers of decisions are unique, without a gap, and all are listed', () => {
  const numbers = globSync('docs/decisions/0*.md', { cwd: root })
    .map((file) => Number(/(\d{4})-[^/]*$/.exec(file)?.[1]))
    .sort((a, b) => a - b);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(read('docs/decisions/README.md').match(/^\d+\. \[/gm)).toHaveLength(numbers.length);
});

test('the queries of the README are valid against the last release, with ids that every import makes', async () => {
  const readme = read('README.md');
  const { released } = await readPromises();
  const contract = buildSchema(released.text);
  const inShell = [...readme.matchAll(/-d '(\{"query":[\s\S]*?\})'/g)].map((match) => JSON.parse(match[1] ?? '').query);
  const documents = [...blocksOf(readme, 'graphql'), ...inShell];
  expect(documents.length).toBeGreaterThanOrEqual(8);
  for (const document of documents) expect(validate(contract, parse(document)), document).toEqual([]);
  expect(readme).toContain(`Event_${nameBasedId('event/World Cup 2026/Group A/Mexico/South Africa')}`);
  const { stadiums } = JSON.parse(read('data/worldcup-2026/worldcup.stadiums.json'));
  const { name, capacity } = stadiums.find((stadium: { city: string }) => stadium.city === 'Mexico City');
  const plan = { key: `venue/MX/${name}`, planKey: `generated/${SEATING_PLAN_GENERATOR}/${capacity}` };
  expect(readme).toContain(`Seat_${planIdOf(plan)}_0`);
});

test('the GraphQL of pages and GraphiQL is valid against the schema, and names the id of the final', () => {
  const schema = buildSchema(read('schema.graphql'));
  const shown = [...pages.flatMap((page) => blocksOf(read(page), 'graphql')), ...examples.map(({ query }) => query)];
  expect(shown.length).toBeGreaterThan(20);
  for (const document of shown) expect(validate(schema, parse(document)), document).toEqual([]);
  const final = `Event_${nameBasedId('event/World Cup 2026/104')}`;
  expect(read('README.md')).toContain(final);
  expect(examples.filter(({ variables }) => variables?.includes(final))).toHaveLength(3);
});

test('the page for clients shows the live map that a test runs', () => {
  const shown = blocksOf(read('docs/build-a-client.md'), 'js').at(-1);
  expect(shown).toBe(read('docs/examples/live-map.mjs'));
  expect(shown?.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(60);
});

test('every statement of a page names tables and columns that exist', async () => {
  const [booking, payments] = await Promise.all([createBookingDatabase(), createPaymentsDatabase()]);
  const clients = { booking: postgres(booking.url, { max: 1 }), payments: postgres(payments.url, { max: 1 }) };
  let checked = 0;
  try {
    for (const page of pages) {
      const sql = /(payments-stuck|reconciliation)\.md$/.test(page) ? clients.payments : clients.booking;
      for (const statement of statementsOf(read(page))) {
        // PREPARE checks all names and runs nothing.
        const refusal = await sql.unsafe(`prepare documented as ${statement}`).then(
          () => sql.unsafe('deallocate documented').then(() => undefined),
          (error: Error) => error.message,
        );
        expect(refusal, `${page}: ${statement}`).toBeUndefined();
        checked += 1;
      }
    }
  } finally {
    await Promise.all([...Object.values(clients).map((client) => client.end()), booking.drop(), payments.drop()]);
  }
  expect(checked).toBeGreaterThan(20);
});

function statementsOf(page: string): string[] {
  return blocksOf(page, 'sql')
    .flatMap((block) => block.replace(/--.*$/gm, '').split(';'))
    .map((statement) =>
      statement
        .trim()
        .replaceAll(/'<T[^>]*>'/g, "'2026-01-01'")
        .replaceAll('<seat>', '1')
        .replaceAll('<group>', 'follow-payments')
        .replaceAll(/<[a-z]+>/g, '00000000-0000-4000-8000-000000000000'),
    )
    .filter((statement) => statement !== '' && statement !== 'begin' && statement !== 'commit');
}

test('every domain event and every variable of the configuration is described', () => {
  const types = domainEvent.options.map((option) => option.shape.type.value);
  const events = read('docs/reference/events.md');
  expect(types.filter((type) => !new RegExp(`^\\| \`${type}\` *\\|`, 'm').test(events))).toEqual([]);
  const config = read('docs/reference/config.md');
  const names = [...read('.env.example').matchAll(/^(?:# )?([A-Z][A-Z_]+)=/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !config.includes(`\`${name}\``))).toEqual([]);
});
