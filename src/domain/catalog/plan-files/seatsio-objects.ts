import { seatFlags } from '../seat-features-rules.ts';
import type { Point } from '../seating-plan.ts';
import { hundredth, MAX_SEATS } from './file-values.ts';
import type { JsonNode } from './json-node.ts';
import { ellipse, middleOf, rectangle } from './outlines.ts';
import { placesOf, type RowContent, type SeatContent, type SectionContent } from './plan-content.ts';
import type { SeatsioCategories } from './seatsio-categories.ts';

/** Where the objects of a part are drawn, and which category they have without one of their own. */
export type Drawing = { origin: Point; categories: SeatsioCategories; tier?: string | undefined };

/** The designer's mark for an object without a label. */
const UNLABELLED = '?';

function labelOf(node: JsonNode): string {
  const label = node.get('label');
  if (label.value === UNLABELLED) label.problem('it has no label');
  return label.label() ?? '';
}

/** A row of seats. */
export function readRow(node: JsonNode, drawing: Drawing): RowContent {
  const label = labelOf(node);
  const seats = readSeats(node, drawing, 0);
  return { label, at: node, seats };
}

/** A table: a row of its chairs. When it is booked as a whole, its chairs are only sold together. */
export function readTable(node: JsonNode, drawing: Drawing): RowContent {
  const label = labelOf(node);
  const seats = readSeats(node, drawing, node.get('bookAsAWhole').flag() ? seatFlags.soldAsAWhole : 0);
  if (seats.length === 0) node.get('seats').problem('a table without chairs');
  return { label, at: node, seats };
}

/** A booth: a row with one place. */
export function readBooth(node: JsonNode, drawing: Drawing): RowContent {
  const label = labelOf(node);
  const center = node.get('center');
  const position = pointOf(center, drawing.origin) ?? middleOf(readOutline(node.get('points'), drawing.origin) ?? []);
  if (!center.exists && !node.get('points').exists) center.problem('a position is needed');
  const seat = {
    label: '1',
    at: node,
    x: position[0],
    y: position[1],
    flags: flagsOf(node, drawing),
    tier: tierOf(node, drawing),
  };
  return { label, at: node, seats: [seat] };
}

function readSeats(row: JsonNode, drawing: Drawing, flags: number): SeatContent[] {
  const tier = drawing.categories.of(row, drawing.tier);
  return row
    .get('seats')
    .items()
    .flatMap((node) => {
      if (!node.requireObject()) return [];
      const label = labelOf(node);
      const [x, y] = [node.get('x').number() ?? 0, node.get('y').number() ?? 0];
      return [
        {
          label,
          at: node,
          x: hundredth(drawing.origin[0] + x),
          y: hundredth(drawing.origin[1] + y),
          flags: flags | flagsOf(node, drawing),
          tier: tierOf(node, { ...drawing, tier }),
        },
      ];
    });
}

function tierOf(node: JsonNode, { categories, tier }: Drawing): string {
  const found = categories.of(node, tier);
  if (found === undefined && !node.get('categoryKey').exists) node.problem('it has no category');
  return found ?? '';
}

function flagsOf(node: JsonNode, { categories }: Drawing): number {
  const isAccessible = node.get('accessible').flag() || categories.isAccessible(node);
  return (
    (isAccessible ? seatFlags.accessible : 0) |
    (node.get('restrictedView').flag() ? seatFlags.restrictedView : 0) |
    (node.get('companionSeat').flag() ? seatFlags.companion : 0) |
    (node.get('semiAmbulatorySeat').flag() ? seatFlags.stepFree : 0)
  );
}

/** A general admission area as a section of its own. `around` is its outline when it has no shape. */
export function readArea(node: JsonNode, drawing: Drawing, around: Point[] | undefined): SectionContent {
  const label = labelOf(node);
  const capacity = node.get('capacity').integer({ least: 1, most: MAX_SEATS }) ?? 0;
  const outline = readShape(node, drawing.origin) ?? around ?? rectangle(drawing.origin, [10, 10]);
  const [x, y] = middleOf(outline);
  const flags = node.get('bookAsAWhole').flag() ? seatFlags.soldAsAWhole : 0;
  const tier = tierOf(node, drawing);
  const seats = placesOf(capacity, { at: node, x, y, flags, tier });
  return { label, at: node, kind: 'GENERAL_ADMISSION', tier, outline, rows: [{ label: '', at: node, seats }] };
}

/** A circle, a rectangle or a polygon. */
function readShape(node: JsonNode, origin: Point): Point[] | undefined {
  const center = pointOf(node.get('center'), origin);
  const degrees = node.get('rotationAngle').numberOr(0);
  if (center && node.get('radius1').exists) {
    const radius1 = node.get('radius1').numberOr(0);
    return ellipse(center, [radius1, node.get('radius2').numberOr(radius1)], degrees);
  }
  if (center && node.get('width').exists)
    return rectangle(center, [node.get('width').numberOr(0), node.get('height').numberOr(0)], degrees);
  return readOutline(node.get('points'), origin);
}

/** A polygon; undefined when it has fewer than three corners. */
export function readOutline(points: JsonNode, origin: Point): Point[] | undefined {
  const corners = points.items().flatMap((node) => {
    const corner = pointOf(node, origin);
    return corner ? [corner] : [];
  });
  return corners.length < 3 ? undefined : corners;
}

/** A position in the coordinates of the whole chart; undefined when it is absent. */
export function pointOf(node: JsonNode, [left, top]: Point): Point | undefined {
  const position = node.position();
  return (
    position && [
      left === 0 ? position.x : hundredth(left + position.x),
      top === 0 ? position.y : hundredth(top + position.y),
    ]
  );
}
