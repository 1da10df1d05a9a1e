/** What the tests read of `<frontrow-seatmap>`. */
export type MapElement = HTMLElement & {
  readonly rendererName: string | undefined;
  readonly client?: {
    readonly state: string;
    readonly layout?: { readonly seatCount: number };
    readonly statuses?: { readonly codes: Uint8Array };
  };
  readonly selected: readonly { readonly seatNo: number }[];
  placeOf(seatNo: number): { x: number; y: number; radius: number } | undefined;
};
