/** A part of an ordered list: at most `size` items between two positions (exclusive), counted from one of its ends. */
export type PageWindow<Position> = {
  readonly size: number;
  readonly from: 'start' | 'end';
  readonly after?: Position | undefined;
  readonly before?: Position | undefined;
};

/** The items of a window, in the order of the list; `hasMore` when the window is too small for all of them. */
export type WindowOf<T> = { readonly items: readonly T[]; readonly hasMore: boolean };
