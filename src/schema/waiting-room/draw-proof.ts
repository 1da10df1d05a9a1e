import { type DrawProof as DrawProofModel, findDrawProof } from '#domain/waiting-room/find-draw-proof.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';

const DrawProof = builder.objectRef<DrawProofModel>('DrawProof').implement({
  description: "What it takes to recompute the viewer's position: see docs/verifiable-draw.md.",
  fields: (t) => ({
    ordinal: t.exposeInt('ordinal', { description: 'How many joined before the viewer.' }),
    entries: t.int({
      nullable: true,
      description: 'How many took part in the draw, the ordinals below it; null until the draw.',
      resolve: ({ entries }) => entries,
    }),
    commitment: t.exposeString('commitment', { description: 'SHA-256 of the secret, in hex.' }),
    secret: t.string({
      nullable: true,
      description: '32 bytes in hex; null until the draw.',
      resolve: ({ secret }) => secret,
    }),
    position: t.int({
      nullable: true,
      description: 'What it comes to; null until the draw.',
      resolve: ({ position }) => position,
    }),
  }),
});

builder.queryField('drawProof', (t) =>
  t.field({
    type: DrawProof,
    nullable: true,
    description: "The proof of the viewer's own position in a waiting room; null without a place.",
    args: { eventId: t.arg.id({ required: true, description: 'The id of an Event.' }) },
    resolve: async (_root, args, context) => {
      const viewer = requireViewer(context);
      const eventId = decodeId('Event', args.eventId);
      return eventId ? findDrawProof(context.resources, viewer, { eventId, ticket: context.place }) : null;
    },
  }),
);
