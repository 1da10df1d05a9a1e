/** A part of an ordered list: of what lies between two positions (neither is in it), `size` at most, from one of its ends. */
export type PageWindow<Position> = {
  readonly size: number;
  readonly from: 'start' | 'end';
  readonly after?: Position | undefined;
  readonly before?: Position | undefined;
};

/** What a window holds, in the order of the list; `hasMore` when the window is too small for all of it. */
export type WindowOf<T> = { readonly items: readonly T[]; readonly hasMore: boolean };
