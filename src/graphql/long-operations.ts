/** Root fields that may take longer than others, in milliseconds: the largest seating plan is read and stored in 4 s to 15 s. */
const LONGER_MS: Readonly<Record<string, number>> = { importSeatingPlan: 30_000 };

/** How long the operation with this root field may take; undefined when it has no time of its own. */
export const longerMsOf = (field: string | undefined): number | undefined => LONGER_MS[field ?? ''];
