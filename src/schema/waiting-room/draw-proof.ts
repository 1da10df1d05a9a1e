import { type DrawProof as DrawProofModel, findDrawProof } from '#domain/waiting-room/find-draw-proof.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';

const DrawProof = builder.objectRef<DrawProofModel>('DrawProof').implement({
  description: "The values from which anyone can recompute the viewer's position: see docs/verifiable-draw.md.",
  fields: (t) => ({
    ordinal: t.exposeInt('ordinal', { description: 'The number of places that were given out before this one.' }),
    entries: t.int({
      nullable: true,
      description: 'The number of places in the draw: those with an ordinal below it. Null until the draw.',
      resolve: ({ entries }) => entries,
    }),
    commitment: t.exposeString('commitment', { description: 'The SHA-256 hash of the secret, in hex.' }),
    secret: t.string({
      nullable: true,
      description: 'The secret of the draw, 32 bytes in hex; null until the draw.',
      resolve: ({ secret }) => secret,
    }),
    position: t.int({
      nullable: true,
      description: 'The position that follows from the other values; null until the draw.',
      resolve: ({ position }) => position,
    }),
  }),
});

builder.queryField('drawProof', (t) =>
  t.field({
    type: DrawProof,
    nullable: true,
    description: "The proof of the viewer's own position in a waiting room; null when the viewer has no place.",
    args: { eventId: t.arg.id({ required: true, description: 'The id of an Event.' }) },
    resolve: async (_root, args, context) => {
      const viewer = requireViewer(context);
      const eventId = decodeId('Event', args.eventId);
      return eventId ? findDrawProof(context.resources, viewer, { eventId, ticket: context.place }) : null;
    },
  }),
);
