import { builder } from '../builder.ts';

type Layout = {
  readonly hash: string;
  readonly seatCount: number;
  /** Where the layout of a draft is. */
  readonly draftUrl?: string;
};

export const SeatMapLayout = builder.objectRef<Layout>('SeatMapLayout').implement({
  description: 'The position of every seat. It is in a file that never changes, so a client reads it once.',
  fields: (t) => ({
    hash: t.exposeString('hash', { description: 'The hash of the file. Equal plans have equal hashes.' }),
    url: t.string({
      description:
        'The address of the file, relative to this server. The file is JSON in columns: item i of each column is the seat with `seatNo` i.',
      resolve: ({ hash, draftUrl }) => draftUrl ?? `/layouts/${hash}.json`,
    }),
    seatCount: t.exposeInt('seatCount', { description: 'The number of seats of the plan.' }),
  }),
});
