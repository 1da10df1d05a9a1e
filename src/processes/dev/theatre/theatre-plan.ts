/**
 * The seating plan of the demo's theatre as CSV: stalls with a centre aisle, three tiers of boxes on each side, a row of
 * wheelchair places with their companions, and a standing gallery. Units are 10 cm; the stage is at the top.
 */
export function theatrePlan(): string {
  const seats = [...stalls(), ...wheelchairPlaces(), ...boxes(), ...gallery()];
  return `section,row,seat,x,y,level,features\n${seats.map((seat) => seat.join(',')).join('\n')}\n`;
}

type Seat = readonly [
  section: string,
  row: string,
  seat: number,
  x: number,
  y: number,
  level: string,
  features: string,
];

const STALLS = { section: 'Stalls', rows: 22, perSide: 16, pitch: 5, depth: 9, aisle: 14, top: 60, middle: 160 };
const BOXES = { tiers: 3, perSide: 5, seats: 6, pitch: 5, length: 38, tierDepth: 14, left: 56, right: 264, top: 64 };
const PAIRS_OF_WHEELCHAIR_PLACES = 8;
const STANDING_PLACES = 300;

const letter = (row: number): string => String.fromCharCode(65 + row);

function stalls(): Seat[] {
  const { section, rows, perSide, pitch, depth, aisle, top, middle } = STALLS;
  return range(rows).flatMap((row) =>
    range(2 * perSide).map((place): Seat => {
      const side = place < perSide ? -1 : 1;
      const fromAisle = side < 0 ? perSide - 1 - place : place - perSide;
      const away = aisle / 2 + fromAisle * pitch;
      // The rows are bent towards the stage.
      const y = top + row * depth - round(away ** 2 / 900);
      const features = fromAisle === 0 || fromAisle === perSide - 1 ? 'AISLE' : '';
      return [section, letter(row), place + 1, middle + side * away, round(y), 'Ground floor', features];
    }),
  );
}

/** Behind the stalls, reached without steps. A companion sits beside each wheelchair place. */
function wheelchairPlaces(): Seat[] {
  const { section, rows, depth, top, middle } = STALLS;
  const [row, y, pitch, pair] = [letter(rows), top + rows * depth + 6, 8, 20];
  const left = middle - ((PAIRS_OF_WHEELCHAIR_PLACES - 1) * pair + pitch) / 2;
  return range(2 * PAIRS_OF_WHEELCHAIR_PLACES).map((place): Seat => {
    const features = place % 2 === 0 ? 'WHEELCHAIR STEP_FREE' : 'COMPANION STEP_FREE';
    const x = left + Math.floor(place / 2) * pair + (place % 2) * pitch;
    return [section, row, place + 1, x, y, 'Ground floor', features];
  });
}

function boxes(): Seat[] {
  const { tiers, perSide, seats, pitch, length, tierDepth, left, right, top } = BOXES;
  return range(tiers).flatMap((tier) =>
    (['left', 'right'] as const).flatMap((side, sideNo) =>
      range(perSide).flatMap((box) =>
        range(seats).map((place): Seat => {
          const number = tier * 2 * perSide + sideNo * perSide + box + 1;
          const x = side === 'left' ? left - tier * tierDepth : right + tier * tierDepth;
          const y = top + box * length + place * pitch;
          const features = tier > 0 && box === 0 ? 'RESTRICTED_VIEW' : '';
          return [`Boxes ${tier + 1} ${side}`, `Box ${number}`, place + 1, x, y, `Tier ${tier + 1}`, features];
        }),
      ),
    ),
  );
}

/** Places without a row are sold by number. */
function gallery(): Seat[] {
  return range(STANDING_PLACES).map((place): Seat => ['Gallery', '', place + 1, STALLS.middle, 340, 'Gallery', '']);
}

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
const round = (value: number): number => Math.round(value * 10) / 10;
