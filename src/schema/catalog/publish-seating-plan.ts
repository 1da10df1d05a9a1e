import type { PlanRecord } from '#domain/catalog/plan-queries.ts';
import { publishSeatingPlan, publishSeatingPlanRefusals } from '#domain/catalog/publish-seating-plan.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';
import { SeatingPlan } from './seating-plan.ts';

const PublishSeatingPlanInput = builder.inputType('PublishSeatingPlanInput', {
  description: 'The draft to publish.',
  fields: (t) => ({ seatingPlanId: t.id({ required: true, description: 'The id of a SeatingPlan.' }) }),
});

const PublishSeatingPlanSuccess = builder
  .objectRef<{ seatingPlan: PlanRecord }>('PublishSeatingPlanSuccess')
  .implement({
    description: 'The seating plan is published.',
    fields: (t) => ({
      seatingPlan: t.field({
        type: SeatingPlan,
        description: 'The plan, which never changes from now on.',
        resolve: ({ seatingPlan }) => seatingPlan,
      }),
    }),
  });

builder.mutationField('publishSeatingPlan', (t) =>
  t.field({
    type: PublishSeatingPlanSuccess,
    description:
      'Publishes a seating plan: it is public and never changes from now on. A published one stays as it is. Only for owners and managers of the organization.',
    args: { input: t.arg({ type: PublishSeatingPlanInput, required: true, description: 'The draft.' }) },
    errors: {
      types: [...publishSeatingPlanRefusals],
      union: { name: 'PublishSeatingPlanResult', description: 'The plan, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('publishSeatingPlan', async () => {
        const planId = decodeId('SeatingPlan', input.seatingPlanId);
        if (!planId) throw new NotFound('seating plan');
        return { seatingPlan: await publishSeatingPlan(context.resources, actor, planId) };
      });
    },
  }),
);
