import type { TransactionSql } from 'postgres';
import type { SectionRow } from '../plan-rows.ts';
import { copyLines } from './copy-statements.ts';

/** A row of `seating_plans`, without its version. */
export type NewPlan = {
  readonly id: string;
  readonly organizationId: string;
  readonly venueId: string;
  readonly hash: string;
  readonly seatCount: number;
  readonly gzip: Uint8Array;
  readonly isPublished: boolean;
  /** What is known of a plan that an organizer imported. */
  readonly imported?: {
    readonly name: string;
    readonly uploadId: string;
    readonly format: string;
    readonly warnings: readonly object[];
  };
};

type Content = {
  readonly sections: readonly SectionRow[];
  /** Lines of COPY. */
  readonly seatLines: Iterable<string | Uint8Array>;
};

/**
 * Inserts a plan with its sections and seats as the next version of its venue. The seats come first, so that the venue is
 * locked only for the short rest.
 */
export async function insertPlan(tx: TransactionSql, plan: NewPlan, content: Content): Promise<void> {
  const copy = tx`
    copy venue_seats (plan_id, seat_no, section_id, row_label, seat_label, x, y, accessible, restricted_view)
    from stdin`;
  await copyLines(copy, content.seatLines);
  const { id, venueId, imported } = plan;
  await tx`select 1 from venues where id = ${venueId} for no key update`;
  await tx`
    insert into seating_plans (id, organization_id, venue_id, version, seat_count, layout_hash, layout, published_at,
      name, upload_id, import_format, import_warnings)
    values (${id}, ${plan.organizationId}, ${venueId},
            (select coalesce(max(version), 0) + 1 from seating_plans where venue_id = ${venueId}),
            ${plan.seatCount}, ${plan.hash}, ${Buffer.from(plan.gzip)}, case when ${plan.isPublished} then now() end,
            ${imported?.name ?? null}, ${imported?.uploadId ?? null}, ${imported?.format ?? null},
            ${JSON.stringify(imported?.warnings ?? [])}::text::jsonb)`;
  await tx`
    insert into sections (id, plan_id, position, label, tier_label, seat_tier_labels, kind, places)
    select id, ${id}, position, label, tier_label, seat_tier_labels, kind, places
    from jsonb_to_recordset(${JSON.stringify(content.sections)}::text::jsonb)
      as section(id uuid, position integer, label text, tier_label text, seat_tier_labels text[],
        kind text, places integer)`;
}
