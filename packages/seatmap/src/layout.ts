/** The document at `SeatMapLayout.url`, as docs/reference/seating.md describes it. */
export type LayoutDocument = {
  readonly hash: string;
  readonly width: number;
  readonly height: number;
  readonly focalPoint?: readonly [number, number];
  readonly sections: readonly {
    readonly id: string;
    readonly label: string;
    readonly level?: string;
    readonly tierLabel: string;
    readonly kind?: string;
    readonly outline: readonly (readonly [number, number])[];
  }[];
  readonly tiers?: readonly string[];
  readonly seats: {
    readonly id: readonly string[];
    readonly section: readonly number[];
    readonly row: readonly string[];
    readonly label: readonly string[];
    readonly x: readonly number[];
    readonly y: readonly number[];
    readonly flags: readonly number[];
    readonly tier?: readonly number[];
  };
};

/** Bits of `flags` of a seat. */
export const WHEELCHAIR = 1;
export const RESTRICTED_VIEW = 2;
export const COMPANION = 4;
export const STEP_FREE = 8;

export type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

export type Section = {
  readonly id: string;
  readonly label: string;
  readonly level: string | undefined;
  readonly tier: string;
  readonly isGeneral: boolean;
  readonly outline: readonly (readonly [number, number])[];
  readonly box: Box;
  readonly center: readonly [number, number];
  /** Seat numbers from `first` up to, but not including, `end`. */
  readonly first: number;
  readonly end: number;
};

export type Layout = {
  readonly hash: string;
  readonly seatCount: number;
  readonly sections: readonly Section[];
  /** Names of price tiers; `tierOf` has a position in it for each seat. */
  readonly tiers: readonly string[];
  readonly tierOf: Uint8Array;
  readonly sectionOf: Uint16Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly flags: Uint8Array;
  /** Half the usual distance between two seats of a row, which is the radius of a drawn seat. */
  readonly radius: number;
  readonly box: Box;
  readonly focalPoint: readonly [number, number] | undefined;
  idOf(seatNo: number): string;
  rowOf(seatNo: number): string;
  labelOf(seatNo: number): string;
};

/** Makes typed columns of a layout. Throws an Error when the columns have different lengths. */
export function readLayout(document: LayoutDocument): Layout {
  const { seats } = document;
  const seatCount = seats.id.length;
  for (const column of [seats.section, seats.row, seats.label, seats.x, seats.y, seats.flags])
    if (column.length !== seatCount) throw new Error('The columns of the layout have different lengths.');
  const x = Float32Array.from(seats.x);
  const y = Float32Array.from(seats.y);
  const sectionOf = Uint16Array.from(seats.section);
  const radius = usualDistance(seats, x, y) / 2;
  const sections = readSections(document, { x, y, sectionOf, radius });
  const { tiers, tierOf } = readTiers(document);
  return {
    ...{ hash: document.hash, seatCount, sections, tiers, tierOf, sectionOf, x, y, radius },
    flags: Uint8Array.from(seats.flags),
    box: around(sections.map(({ box }) => box)),
    focalPoint: document.focalPoint,
    ...namesOf(seats),
  };
}

/** Keeps of the document only what has no typed column, so that the rest of it can be collected. */
function namesOf({ id, row, label }: LayoutDocument['seats']): Pick<Layout, 'idOf' | 'labelOf' | 'rowOf'> {
  // Ids are opaque, but where all of them are one text with the number behind it, a hundred thousand texts are saved.
  const prefix = id[0]?.slice(0, -1) ?? '';
  const isNumbered = id.every((one, seatNo) => one === prefix + seatNo);
  return {
    idOf: isNumbered ? (seatNo) => (seatNo < row.length ? prefix + seatNo : '') : idIn(id),
    rowOf: (seatNo) => row[seatNo] ?? '',
    labelOf: (seatNo) => label[seatNo] ?? '',
  };
}

/** A function of its own, so that the other one does not keep the list. */
const idIn =
  (ids: readonly string[]) =>
  (seatNo: number): string =>
    ids[seatNo] ?? '';

type Columns = {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly sectionOf: Uint16Array;
  readonly radius: number;
};

function readSections(document: LayoutDocument, { x, y, sectionOf, radius }: Columns): Section[] {
  const first = new Int32Array(document.sections.length).fill(-1);
  const end = new Int32Array(document.sections.length);
  const boxes = document.sections.map(({ outline }) => boxOf(outline));
  for (let seatNo = 0; seatNo < sectionOf.length; seatNo++) {
    const index = sectionOf[seatNo] ?? 0;
    if (first[index] === -1) first[index] = seatNo;
    end[index] = seatNo + 1;
    const box = boxes[index];
    if (box) grow(box, x[seatNo] ?? 0, y[seatNo] ?? 0, radius);
  }
  return document.sections.map(({ id, label, level, tierLabel, kind, outline }, index) => {
    const box = boxes[index] ?? boxOf(outline);
    const shown = outline.length > 2 ? outline : cornersOf(box);
    return {
      ...{ id, label, level, tier: tierLabel, outline: shown, box, center: middleOf(shown, box) },
      isGeneral: kind === 'GENERAL_ADMISSION',
      first: Math.max(0, first[index] ?? 0),
      end: end[index] ?? 0,
    };
  });
}

function readTiers({ sections, tiers: own = [], seats }: LayoutDocument): { tiers: string[]; tierOf: Uint8Array } {
  const tiers = [...new Set([...sections.map(({ tierLabel }) => tierLabel), ...own])];
  const ofSection = sections.map(({ tierLabel }) => tiers.indexOf(tierLabel));
  const ofSeat = own.map((name) => tiers.indexOf(name));
  const tierOf = Uint8Array.from(seats.section, (section, seatNo) => {
    const tier = seats.tier?.[seatNo] ?? 0;
    return (tier > 0 ? ofSeat[tier - 1] : ofSection[section]) ?? 0;
  });
  return { tiers, tierOf };
}

/** Returns the median distance of seats that follow each other in a row. */
function usualDistance({ row, section }: LayoutDocument['seats'], x: Float32Array, y: Float32Array): number {
  const distances: number[] = [];
  const step = Math.max(1, Math.floor(row.length / 4_000));
  for (let seatNo = 1; seatNo < row.length; seatNo += step) {
    if (row[seatNo] !== row[seatNo - 1] || section[seatNo] !== section[seatNo - 1]) continue;
    const distance = Math.hypot((x[seatNo] ?? 0) - (x[seatNo - 1] ?? 0), (y[seatNo] ?? 0) - (y[seatNo - 1] ?? 0));
    if (distance > 0) distances.push(distance);
  }
  distances.sort((a, b) => a - b);
  return distances[distances.length >> 1] ?? 10;
}

type GrowingBox = { left: number; top: number; right: number; bottom: number };

function boxOf(points: readonly (readonly [number, number])[]): GrowingBox {
  const box: GrowingBox = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const [x, y] of points) grow(box, x, y, 0);
  return box;
}

function grow(box: GrowingBox, x: number, y: number, by: number): void {
  box.left = Math.min(box.left, x - by);
  box.right = Math.max(box.right, x + by);
  box.top = Math.min(box.top, y - by);
  box.bottom = Math.max(box.bottom, y + by);
}

/** Returns the smallest box around all boxes. */
export function around(boxes: readonly Box[]): Box {
  const all = boxOf([]);
  for (const { left, top, right, bottom } of boxes) {
    grow(all, left, top, 0);
    grow(all, right, bottom, 0);
  }
  return all.left <= all.right ? all : { left: 0, top: 0, right: 1, bottom: 1 };
}

const cornersOf = ({ left, top, right, bottom }: Box): [number, number][] => [
  [left, top],
  [right, top],
  [right, bottom],
  [left, bottom],
];

/** Returns the centroid of the outline, which may be bent; the middle of the box when the outline has no area. */
function middleOf(outline: readonly (readonly [number, number])[], box: Box): [number, number] {
  let area = 0;
  let sumX = 0;
  let sumY = 0;
  outline.forEach(([x, y], index) => {
    const [nextX, nextY] = outline[(index + 1) % outline.length] ?? [x, y];
    const cross = x * nextY - nextX * y;
    area += cross;
    sumX += (x + nextX) * cross;
    sumY += (y + nextY) * cross;
  });
  if (Math.abs(area) < 1e-6) return [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  return [sumX / (3 * area), sumY / (3 * area)];
}
