/** Cases that the test suite looks at. */
const USUAL = 5_000;
/** A part of so many cases is one test. */
const CASES_OF_PART = 5_000;

/**
 * The seeds of a property over random halls, in parts. HALL_CASES=100000 looks at so many cases of each property, which
 * takes some minutes; the first ones are those of the suite.
 */
export function partsOfHalls(firstSeed = 1): { readonly part: number; readonly seeds: readonly number[] }[] {
  const cases = Number(process.env.HALL_CASES ?? USUAL);
  if (!Number.isInteger(cases) || cases < 1) throw new Error('HALL_CASES is a number of cases, such as 100000.');
  return Array.from({ length: Math.ceil(cases / CASES_OF_PART) }, (_, part) => {
    const from = part * CASES_OF_PART;
    const seeds = Array.from({ length: Math.min(CASES_OF_PART, cases - from) }, (_, index) => firstSeed + from + index);
    return { part, seeds };
  });
}
