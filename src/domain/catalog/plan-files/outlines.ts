import type { Point } from '../seating-plan.ts';
import { hundredth } from './file-values.ts';

/** The smallest convex polygon around these positions, `margin` away from each. */
export function outlineAround(positions: readonly Point[], margin: number): Point[] {
  const corners = positions.flatMap(([x, y]): Point[] => [
    [hundredth(x - margin), hundredth(y - margin)],
    [hundredth(x + margin), hundredth(y - margin)],
    [hundredth(x + margin), hundredth(y + margin)],
    [hundredth(x - margin), hundredth(y + margin)],
  ]);
  const sorted = corners.sort(([ax, ay], [bx, by]) => ax - bx || ay - by);
  return [...halfHull(sorted), ...halfHull(sorted.toReversed())];
}

/** Andrew's monotone chain: one side of the convex hull, without its last point. */
function halfHull(points: readonly Point[]): Point[] {
  const hull: Point[] = [];
  for (const point of points) {
    while (hull.length >= 2 && turn(hull.at(-2), hull.at(-1), point) <= 0) hull.pop();
    hull.push(point);
  }
  return hull.slice(0, -1);
}

function turn(from: Point = [0, 0], by: Point = [0, 0], to: Point): number {
  return (by[0] - from[0]) * (to[1] - from[1]) - (by[1] - from[1]) * (to[0] - from[0]);
}

const CORNERS = 24;

/** An ellipse as a polygon; the angle is in degrees, clockwise as the drawing's y grows downwards. */
export function ellipse(center: Point, radius: Point, degrees = 0): Point[] {
  const around = Array.from({ length: CORNERS }, (_, corner): Point => {
    const angle = (2 * Math.PI * corner) / CORNERS;
    return [radius[0] * Math.cos(angle), radius[1] * Math.sin(angle)];
  });
  return turned(center, around, degrees);
}

/** A rectangle around its middle. */
export function rectangle(center: Point, size: Point, degrees = 0): Point[] {
  const [x, y] = [size[0] / 2, size[1] / 2];
  const corners: Point[] = [
    [-x, -y],
    [x, -y],
    [x, y],
    [-x, y],
  ];
  return turned(center, corners, degrees);
}

function turned([centerX, centerY]: Point, points: readonly Point[], degrees: number): Point[] {
  const angle = (degrees * Math.PI) / 180;
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  return points.map(
    ([x, y]): Point => [hundredth(centerX + x * cos - y * sin), hundredth(centerY + x * sin + y * cos)],
  );
}

/** The middle of a polygon's bounding box. */
export function middleOf(outline: readonly Point[]): Point {
  const box = boxOf(outline);
  return [hundredth((box.left + box.right) / 2), hundredth((box.top + box.bottom) / 2)];
}

export type Box = { left: number; right: number; top: number; bottom: number };

/** The bounding box; all zero when there is no point. */
export function boxOf(points: Iterable<Point>): Box {
  const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
  for (const [x, y] of points) {
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
  }
  return box.left === Infinity ? { left: 0, right: 0, top: 0, bottom: 0 } : box;
}
