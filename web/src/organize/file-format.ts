export const PLAN_FORMATS = ['FRONTROW', 'PRETIX', 'SEATSIO', 'CSV'] as const;
export type PlanFormat = (typeof PLAN_FORMATS)[number];

/** Guesses the format of a seating plan from its name and how it begins. The person can choose another one. */
export async function guessFormat(file: File): Promise<PlanFormat> {
  if (/\.csv$/i.test(file.name) || file.type === 'text/csv') return 'CSV';
  const text = await file.text();
  if (/"subChart"|"chart"\s*:|"venueType"/.test(text)) return 'SEATSIO';
  return /"zones"\s*:/.test(text) ? 'PRETIX' : 'FRONTROW';
}
