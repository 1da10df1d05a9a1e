import type { TransactionSql } from 'postgres';
import { IMPORTED_ORGANIZATION_ID } from '#db/tables/catalog.ts';
import { buildLayout } from '../layout.ts';
import { seatLines, sectionRows } from '../plan-rows.ts';
import type { VenueRecord } from './catalog-records.ts';
import { insertPlan } from './insert-plan-statements.ts';
import { nameBasedId } from './name-based-id.ts';

/** The id of the venue's current plan. Another capacity or another chart is another plan. */
export const planIdOf = (venue: Pick<VenueRecord, 'key' | 'planKey'>): string =>
  nameBasedId(`plan/${venue.key}/${venue.planKey}`);

/** Publishes the venue's plan as its next version, unless it exists already. Returns how many seats were written. */
export async function publishPlan(tx: TransactionSql, venueId: string, venue: VenueRecord): Promise<number> {
  const planId = planIdOf(venue);
  const [existing] = await tx`select 1 from seating_plans where id = ${planId}`;
  if (existing) return 0;
  const draft = venue.draftPlan();
  const sectionIds = draft.sections.map((section) => nameBasedId(`section/${planId}/${section.label}`));
  const layout = await buildLayout({ planId, sectionIds, draft });
  const plan = { id: planId, organizationId: IMPORTED_ORGANIZATION_ID, venueId, ...layout, isPublished: true };
  const content = { planId, sectionIds, draft };
  await insertPlan(tx, plan, { sections: sectionRows(content), seatLines: seatLines(content) });
  return layout.seatCount;
}
