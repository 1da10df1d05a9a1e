import { OperationTypeNode, parse } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '#schema/index.ts';
import { openExecution } from './compiled-execution.ts';
import { maskResult } from './masking.ts';
import type { Operation } from './operation.ts';

const event = (over: object) => ({
  id: '018f0000-0000-7000-8000-000000000001',
  venueId: 'v',
  planId: 'p',
  title: 'A match',
  description: '',
  category: 'SPORT',
  performers: ['A', 'B'],
  startsAt: new Date('2030-01-01T00:00:00Z'),
  currency: 'USD',
  ...over,
});

const contextOf = (load: (id: string) => unknown) =>
  ({
    viewer: undefined,
    admission: undefined,
    place: undefined,
    resources: {},
    loaders: { event: { load } },
    attempt: () => {},
  }) as never;

const query = `query Q($id: ID!, $more: Boolean! = false) {
  node(id: $id) { __typename id ... on Event { title category performers startsAt @include(if: $more) priceFrom { amountMinor } } }
  event(id: $id) { ...E }
}
fragment E on Event { title description }`;

/** The third use of a document is compiled, so each of these is asked five times. */
async function askOften(load: (id: string) => unknown, variables: Record<string, unknown>) {
  const execute = openExecution(schema);
  const operation: Operation = {
    text: query,
    document: parse(query),
    type: OperationTypeNode.QUERY,
    name: 'Q',
    field: 'several',
    cost: 1,
    uses: 0,
  };
  const answers = [];
  for (operation.uses = 1; operation.uses <= 5; operation.uses++)
    answers.push(maskResult(await execute({ operation, variables, context: contextOf(load) }), 'r'));
  return answers;
}

test.each([
  [
    'an answer',
    async () => event({ priceFromMinor: 100 }),
    { id: 'Event_018f0000-0000-7000-8000-000000000001', more: true },
  ],
  ['nothing found', async () => undefined, { id: 'Event_018f0000-0000-7000-8000-000000000001' }],
  [
    'a value missing that must be there',
    async () => event({ title: null }),
    { id: 'Event_018f0000-0000-7000-8000-000000000001' },
  ],
  [
    'an error',
    () => Promise.reject(new Error('select secret from host')),
    { id: 'Event_018f0000-0000-7000-8000-000000000001' },
  ],
  ['a variable of the wrong type', async () => event({}), { id: { no: 1 } }],
  ['a variable missing', async () => event({}), {}],
])('compiled and interpreted documents answer alike: %s', async (_what, load, variables) => {
  const [first, ...others] = await askOften(load, variables);
  const visible = (answer: typeof first) => ({
    data: answer?.result.data,
    codes: answer?.codes,
    // The order of errors is not specified.
    errors: answer?.result.errors?.map(({ path, extensions }) => JSON.stringify([path, extensions])).sort(),
  });
  for (const other of others) expect(visible(other)).toEqual(visible(first));
  expect(JSON.stringify(first?.result)).not.toContain('secret');
});
