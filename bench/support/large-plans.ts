import { writeSeatingPlanFile } from '#domain/catalog/plan-files/seating-plan-file.ts';
import { generateSeatingPlan } from '#domain/catalog/seating-plan-generator.ts';

const SEATS_PER_ROW = 50;
const ROWS_PER_SECTION = 40;

export type LargePlan = { readonly format: 'FRONTROW' | 'PRETIX' | 'SEATSIO' | 'CSV'; readonly text: string };

/** A plan with so many seats in each format. */
export function largePlans(seats: number): LargePlan[] {
  const plan = generateSeatingPlan({ name: 'Bench', capacity: seats });
  const category = { label: 'Seat', key: 1, color: '#888888' };
  const rows = Math.ceil(seats / SEATS_PER_ROW);
  const rowsOf = <T>(rowOf: (row: number) => T): T[][] =>
    Array.from({ length: Math.ceil(rows / ROWS_PER_SECTION) }, (_, section) =>
      Array.from({ length: Math.min(ROWS_PER_SECTION, rows - section * ROWS_PER_SECTION) }, (__, row) =>
        rowOf(section * ROWS_PER_SECTION + row),
      ),
    );
  const seatsOf = <T>(row: number, seatOf: (seat: number) => T): T[] =>
    Array.from({ length: Math.min(SEATS_PER_ROW, seats - row * SEATS_PER_ROW) }, (_, seat) => seatOf(seat));
  const pretix = {
    name: 'Bench',
    categories: [{ name: 'Seat', color: '#888888' }],
    zones: rowsOf((row) => ({
      row_number: `${row + 1}`,
      position: { x: 0, y: row * 30 },
      seats: seatsOf(row, (seat) => ({
        seat_guid: `${row + 1}-${seat + 1}`,
        seat_number: `${seat + 1}`,
        position: { x: seat * 25, y: 0 },
        category: 'Seat',
      })),
    })).map((own, index) => ({ name: `Zone ${index + 1}`, position: { x: 0, y: 0 }, rows: own })),
  };
  const seatsio = {
    name: 'Bench',
    categories: { list: [category] },
    subChart: {
      width: 1_300,
      height: rows * 20,
      rows: [],
      sections: rowsOf((row) => ({
        label: `${row + 1}`,
        seats: seatsOf(row, (seat) => ({ x: seat * 20, y: row * 20, label: `${seat + 1}`, categoryKey: 1 })),
      })).map((own, index) => ({
        label: `Section ${index + 1}`,
        topLeft: { x: 0, y: 0 },
        subChart: { width: 1_300, height: rows * 20, rows: own },
      })),
    },
  };
  return [
    { format: 'FRONTROW', text: writeSeatingPlanFile(plan, 'FRONTROW') },
    { format: 'CSV', text: writeSeatingPlanFile(plan, 'CSV') },
    { format: 'PRETIX', text: JSON.stringify(pretix) },
    { format: 'SEATSIO', text: JSON.stringify(seatsio) },
  ];
}
