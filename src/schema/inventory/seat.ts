import { seatFlags } from '#domain/catalog/seat-features-rules.ts';
import { findSeat, findSection, type SectionOfPlan, type VenueSeat } from '#domain/catalog/seat-queries.ts';
import type { PlanSection, SeatingPlan } from '#domain/catalog/seating-plan.ts';
import { decodeSeatId, encodeGlobalId, encodeSeatId } from '#domain/global-id-rules.ts';
import { builder } from '../builder.ts';
import { findNodesOf, Node } from '../node.ts';
import { isFor } from '../organization/standing.ts';

const SectionKind = builder.enumType('SectionKind', {
  description: 'How the places of a section are sold.',
  values: {
    SEATED: { description: 'By the seat.' },
    GENERAL_ADMISSION: { description: 'By number: its places have no rows and no position of their own.' },
  } as const,
});

export const Section = builder.objectRef<SectionOfPlan>('Section').implement({
  description: 'A part of a seating plan; the same id at every event that uses the plan.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (section) => encodeGlobalId('Section', section.id) }),
    label: t.exposeString('label', { description: 'The label as it is written on the signs.' }),
    kind: t.field({
      type: SectionKind,
      description: 'How the places of the section are sold.',
      resolve: ({ kind }) => kind ?? ('SEATED' as const),
    }),
    places: t.exposeInt('places', {
      nullable: true,
      description: 'The number of places of a GENERAL_ADMISSION section; null for a section with seats.',
    }),
  }),
});

/** Returns the section of a seat. */
export const sectionOf = ({ plan, seatNo }: VenueSeat): PlanSection => {
  const section = plan.sections[plan.sectionOf[seatNo] ?? -1];
  if (!section) throw new Error(`seat ${seatNo} of plan ${plan.planId} has no section`);
  return section;
};
const has = ({ plan, seatNo }: VenueSeat, flag: number): boolean => ((plan.flags[seatNo] ?? 0) & flag) !== 0;

export const Seat = builder.objectRef<VenueSeat>('Seat').implement({
  description: 'A seat of a seating plan; the same id at every event that uses the plan.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description: 'Global id, for `seatIds` of `createBooking`.',
      resolve: ({ plan, seatNo }) => encodeGlobalId('Seat', encodeSeatId(plan.planId, seatNo)),
    }),
    seatNo: t.exposeInt('seatNo', {
      description: "The seat's index in every packed form: 0 to `layout.seatCount` - 1.",
    }),
    section: t.field({ type: Section, description: 'The section of the seat.', resolve: sectionOf }),
    row: t.string({ description: 'The label of the row.', resolve: ({ plan, seatNo }) => plan.rowOf[seatNo] ?? '' }),
    label: t.string({
      description: 'The label of the seat in its row.',
      resolve: ({ plan, seatNo }) => plan.labelOf[seatNo] ?? '',
    }),
    x: t.float({
      description: 'The position from the left, in the units of the layout.',
      resolve: ({ plan, seatNo }) => plan.x[seatNo] ?? 0,
    }),
    y: t.float({
      description: 'The position from the top, in the units of the layout.',
      resolve: ({ plan, seatNo }) => plan.y[seatNo] ?? 0,
    }),
    accessible: t.boolean({
      description: 'True for a wheelchair place, or a seat that is reached without steps.',
      resolve: (seat) => has(seat, seatFlags.accessible | seatFlags.stepFree),
    }),
    restrictedView: t.boolean({
      description: 'True when the view from the seat is partly blocked.',
      resolve: (seat) => has(seat, seatFlags.restrictedView),
    }),
  }),
});

export const seatOf = (plan: SeatingPlan, seatNo: number): VenueSeat => ({ plan, seatNo });

findNodesOf(
  'Seat',
  async (id, context) => {
    const seat = decodeSeatId(id);
    return seat && findSeat(context.resources, seat, (organizationId) => isFor(context, organizationId));
  },
  (id) => decodeSeatId(id) !== undefined,
);
findNodesOf('Section', async (id, context) => {
  const section = await findSection(context.resources, id, (organizationId) => isFor(context, organizationId));
  // A copy, because the type is written into it, and all requests share the plan.
  return section && { ...section };
});
