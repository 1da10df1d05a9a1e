import {
  type ImportedPlan,
  InvalidSeatingPlan,
  importSeatingPlan,
  importSeatingPlanRefusals,
} from '#domain/catalog/import-seating-plan.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { Refusal } from '../refusals.ts';
import { requireActor } from '../viewer.ts';
import { SeatingPlan } from './seating-plan.ts';

const SeatingPlanFormat = builder.enumType('SeatingPlanFormat', {
  description: 'The format of the file of a seating plan.',
  values: {
    FRONTROW: { description: 'Our own layout, as `SeatingPlan.exports.frontrow` returns it.' },
    PRETIX: { description: 'The seating plan JSON of pretix.' },
    SEATSIO: { description: 'A chart of seats.io, as its API exports it.' },
    CSV: { description: 'A table in UTF-8 with the columns section, row, seat, and optionally x, y, level, features.' },
  } as const,
});

const FileProblem = builder.objectRef<{ path: string; message: string }>('FileProblem').implement({
  description: 'One thing in a file that is wrong, or that its owner should look at.',
  fields: (t) => ({
    path: t.exposeString('path', {
      description: 'Where in the file, for example `zones[0].rows[3].row_number` or `line 17, column x`.',
    }),
    message: t.exposeString('message', { description: 'What it is, in English.' }),
  }),
});

builder.objectType(InvalidSeatingPlan, {
  name: 'InvalidSeatingPlan',
  description: 'The file is not a seating plan, or one that contradicts itself. Nothing of it was kept.',
  interfaces: [Refusal],
  fields: (t) => ({
    problems: t.field({
      type: [FileProblem],
      description: 'Everything that is wrong with it, at most 200 problems and their number.',
      resolve: ({ problems }) => [...problems],
    }),
  }),
});

const ImportSeatingPlanInput = builder.inputType('ImportSeatingPlanInput', {
  description: 'A seating plan in the file of an upload.',
  fields: (t) => ({
    venueId: t.id({ required: true, description: 'The id of a Venue.' }),
    uploadId: t.id({ required: true, description: 'The id from `createUpload`, whose bytes were sent.' }),
    format: t.field({ type: SeatingPlanFormat, required: true, description: 'The format of the file.' }),
    name: t.string({ required: true, description: '1 to 100 characters, to tell the plans of a venue apart.' }),
  }),
});

const ImportSeatingPlanSuccess = builder.objectRef<ImportedPlan>('ImportSeatingPlanSuccess').implement({
  description: 'The seating plan exists as a draft.',
  fields: (t) => ({
    seatingPlan: t.field({ type: SeatingPlan, description: 'The draft.', resolve: ({ plan }) => plan }),
    warnings: t.field({
      type: [FileProblem],
      description: 'What was left out or guessed, at most 200 entries.',
      resolve: ({ warnings }) => [...warnings],
    }),
  }),
});

builder.mutationField('importSeatingPlan', (t) =>
  t.field({
    type: ImportSeatingPlanSuccess,
    description:
      'Makes a draft of the file of an upload, whole or not at all. An upload makes one plan: the same request again returns the same plan. Only for owners and managers of the organization.',
    args: { input: t.arg({ type: ImportSeatingPlanInput, required: true, description: 'The file.' }) },
    errors: {
      types: [...importSeatingPlanRefusals],
      union: { name: 'ImportSeatingPlanResult', description: 'The draft, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('importSeatingPlan', () => {
        const { format, name } = input;
        const venueId = decodeId('Venue', input.venueId);
        if (!venueId) throw new NotFound('venue');
        const uploadId = decodeId('Upload', input.uploadId);
        if (!uploadId) throw new NotFound('upload');
        return importSeatingPlan(context.resources, actor, { venueId, uploadId, format, name });
      });
    },
  }),
);
