import { z } from 'zod';
import { findPlan, listPlansOfVenue, type PlanRecord } from '#domain/catalog/plan-queries.ts';
import { listSections } from '#domain/catalog/seat-queries.ts';
import { findOwnerOfVenue } from '#domain/catalog/venue-queries.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { builder } from '../builder.ts';
import { connectionOf, decodeCursor, pageArgs, pageOf, requireWindow } from '../connection.ts';
import { Section } from '../inventory/seat.ts';
import { SeatMapLayout } from '../inventory/seat-map-layout.ts';
import { findNodesOf, Node } from '../node.ts';
import { isFor } from '../organization/standing.ts';
import { Event } from './event.ts';
import { Venue } from './venue.ts';

const SeatingPlanStatus = builder.enumType('SeatingPlanStatus', {
  description: 'The state of a seating plan.',
  values: {
    DRAFT: { description: 'Only members of the organization see it, and no event can use it.' },
    PUBLISHED: { description: 'It never changes, and events can use it.' },
  } as const,
});

const exportPath = ({ id }: PlanRecord, extension: 'json' | 'csv') => `/seating-plans/${id}.${extension}`;

const SeatingPlanExports = builder.objectRef<PlanRecord>('SeatingPlanExports').implement({
  description:
    'The addresses of files of a seating plan, relative to this server. They need the token of a member as `Authorization: Bearer`.',
  fields: (t) => ({
    frontrow: t.string({
      description: 'The layout as JSON. Imported again with the format FRONTROW it makes the same plan.',
      resolve: (plan) => exportPath(plan, 'json'),
    }),
    csv: t.string({
      description: 'The seats as CSV. Imported again with the format CSV it makes the same seats.',
      resolve: (plan) => exportPath(plan, 'csv'),
    }),
  }),
});

export const SeatingPlan = builder.objectRef<PlanRecord>('SeatingPlan').implement({
  description: 'The sections and seats of a venue. A draft exists for members of the organization only.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: ({ id }) => encodeGlobalId('SeatingPlan', id) }),
    name: t.string({
      description: 'The name that the importing member chose.',
      resolve: ({ name, version }) => name ?? `Version ${version}`,
    }),
    version: t.exposeInt('version', { description: 'The number of the plan among those of its venue, from 1.' }),
    venue: t.field({
      type: Venue,
      description: 'The venue of the plan.',
      resolve: async ({ venueId }, _args, { loaders }) => {
        const venue = await loaders.venue.load(venueId);
        if (!venue) throw new Error(`venue ${venueId} is gone`);
        return venue;
      },
    }),
    status: t.field({
      type: SeatingPlanStatus,
      description: 'Whether the plan is a draft.',
      resolve: ({ publishedAt }) => (publishedAt ? ('PUBLISHED' as const) : ('DRAFT' as const)),
    }),
    seatCount: t.exposeInt('seatCount', { description: 'The number of seats and of places without seats.' }),
    sections: t.field({
      type: [Section],
      description: 'The sections, in the order of the file.',
      resolve: (plan, _args, { resources }) => listSections(resources, plan),
    }),
    createdAt: t.field({ type: 'DateTime', description: 'When it was made.', resolve: ({ createdAt }) => createdAt }),
    publishedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was published; null for a draft.',
      resolve: ({ publishedAt }) => publishedAt,
    }),
    layout: t.field({
      type: SeatMapLayout,
      description: 'The position of every seat. The file of a draft needs the token of a member.',
      resolve: (plan) => ({
        hash: plan.layoutHash,
        seatCount: plan.seatCount,
        ...(!plan.publishedAt && { draftUrl: exportPath(plan, 'json') }),
      }),
    }),
    exports: t.field({ type: SeatingPlanExports, description: 'Its files, for members.', resolve: (plan) => plan }),
  }),
});

findNodesOf('SeatingPlan', async (id, context) => {
  const plan = await findPlan(context.resources, id);
  return plan && (plan.publishedAt || (await isFor(context, plan.organizationId))) ? plan : undefined;
});

const SeatingPlanConnection = connectionOf('SeatingPlan', SeatingPlan, 'seating plans');
const PAGE = 10;
const Version = z.int().min(1);

builder.objectField(Venue, 'seatingPlans', (t) =>
  t.field({
    type: SeatingPlanConnection,
    description: 'The seating plans of the venue, by version. Members of its organization also see drafts.',
    args: pageArgs(t.arg, PAGE),
    resolve: async ({ id: venueId }, args, context) => {
      const window = requireWindow(args, {
        otherwise: PAGE,
        toPosition: (cursor, field) => decodeCursor(cursor, Version, field),
      });
      const owner = await findOwnerOfVenue(context.resources, venueId);
      const withDrafts = owner !== undefined && (await isFor(context, owner));
      const plans = await listPlansOfVenue(context.resources, { venueId, withDrafts }, window);
      return pageOf(plans, window, ({ version }) => version);
    },
  }),
);

builder.objectField(Event, 'seatingPlan', (t) =>
  t.field({
    type: SeatingPlan,
    description: 'The seating plan of the event.',
    resolve: async ({ planId }, _args, { resources }) => {
      const plan = await findPlan(resources, planId);
      if (!plan) throw new Error(`seating plan ${planId} is gone`);
      return plan;
    },
  }),
);
