import type { Box, Layout } from './layout.ts';

/** Finds the seat at a point among a hundred thousand: seats sorted by the cells of a square grid. */
export class SeatGrid {
  readonly #layout: Layout;
  readonly #cell: number;
  readonly #columns: number;
  readonly #rows: number;
  readonly #starts: Int32Array;
  readonly #seats: Int32Array;

  constructor(layout: Layout) {
    this.#layout = layout;
    const { box, seatCount, radius } = layout;
    const width = box.right - box.left;
    const height = box.bottom - box.top;
    // A wide plan with few seats must not have millions of empty cells.
    this.#cell = Math.max(radius * 4, Math.sqrt((width * height) / Math.max(1, seatCount)), 1e-6);
    this.#columns = Math.ceil(width / this.#cell) + 1;
    this.#rows = Math.ceil(height / this.#cell) + 1;
    this.#starts = new Int32Array(this.#columns * this.#rows + 1);
    this.#seats = new Int32Array(seatCount);
    for (let seatNo = 0; seatNo < seatCount; seatNo++) this.#add(this.#cellOf(seatNo) + 1, 1);
    for (let cell = 1; cell < this.#starts.length; cell++) this.#add(cell, this.#starts[cell - 1] ?? 0);
    const next = this.#starts.slice();
    for (let seatNo = 0; seatNo < seatCount; seatNo++) {
      const cell = this.#cellOf(seatNo);
      this.#seats[next[cell] ?? 0] = seatNo;
      next[cell] = (next[cell] ?? 0) + 1;
    }
  }

  /** Returns the nearest seat within the distance; undefined when no seat is so near. */
  nearest(x: number, y: number, within: number): number | undefined {
    let found: number | undefined;
    let best = within;
    this.#each({ left: x - within, right: x + within, top: y - within, bottom: y + within }, (seatNo) => {
      const distance = Math.hypot((this.#layout.x[seatNo] ?? 0) - x, (this.#layout.y[seatNo] ?? 0) - y);
      if (distance > best) return;
      best = distance;
      found = seatNo;
    });
    return found;
  }

  #each({ left, right, top, bottom }: Box, act: (seatNo: number) => void): void {
    const { box } = this.#layout;
    const [fromColumn, toColumn] = [
      this.#at(left - box.left, this.#columns),
      this.#at(right - box.left, this.#columns),
    ];
    const [fromRow, toRow] = [this.#at(top - box.top, this.#rows), this.#at(bottom - box.top, this.#rows)];
    for (let row = fromRow; row <= toRow; row++)
      for (let column = fromColumn; column <= toColumn; column++) {
        const cell = row * this.#columns + column;
        for (let at = this.#starts[cell] ?? 0; at < (this.#starts[cell + 1] ?? 0); at++) act(this.#seats[at] ?? 0);
      }
  }

  #at(distance: number, count: number): number {
    return Math.min(count - 1, Math.max(0, Math.floor(distance / this.#cell)));
  }

  #cellOf(seatNo: number): number {
    const { box, x, y } = this.#layout;
    return (
      this.#at((y[seatNo] ?? 0) - box.top, this.#rows) * this.#columns +
      this.#at((x[seatNo] ?? 0) - box.left, this.#columns)
    );
  }

  #add(cell: number, count: number): void {
    this.#starts[cell] = (this.#starts[cell] ?? 0) + count;
  }
}
