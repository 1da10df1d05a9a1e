import { type Layout, type LayoutDocument, readLayout } from '@frontrow/seatmap/layout';
import { useEffect, useState } from 'react';
import { requestHeaders } from '../api/headers.ts';

export type { Layout } from '@frontrow/seatmap/layout';

type Wanted = { readonly hash: string; readonly url: string };

const reads = new Map<string, Promise<Layout>>();

/** A plan never changes under its hash, so it is read once. */
function read({ hash, url }: Wanted): Promise<Layout> {
  const known = reads.get(hash) ?? fetchLayout(url);
  reads.set(hash, known);
  known.catch(() => reads.delete(hash));
  return known;
}

async function fetchLayout(url: string): Promise<Layout> {
  // The file of a draft is for members.
  const { authorization = '' } = await requestHeaders();
  const response = await fetch(url, { headers: { authorization } });
  if (!response.ok) throw new Error(`The plan could not be read (${response.status}).`);
  return readLayout((await response.json()) as LayoutDocument);
}

/** The positions of all seats of a plan, once they are there. */
export function useLayout(wanted: Wanted | undefined): { layout?: Layout | undefined; isFailed: boolean } {
  const [found, setFound] = useState<{ layout?: Layout; isFailed: boolean }>({ isFailed: false });
  const { hash, url } = wanted ?? {};
  useEffect(() => {
    if (hash === undefined || url === undefined) return;
    let isWanted = true;
    read({ hash, url }).then(
      (layout) => isWanted && setFound({ layout, isFailed: false }),
      () => isWanted && setFound({ isFailed: true }),
    );
    return () => {
      isWanted = false;
    };
  }, [hash, url]);
  return found;
}

/** Rows of a section in the order of their seats; each with its seat numbers. */
export function rowsOf(layout: Layout, section: Layout['sections'][number]): { row: string; seatNos: number[] }[] {
  const rows = new Map<string, number[]>();
  for (let seatNo = section.first; seatNo < section.end; seatNo++) {
    const row = layout.rowOf(seatNo);
    const seats = rows.get(row);
    if (seats) seats.push(seatNo);
    else rows.set(row, [seatNo]);
  }
  return [...rows].map(([row, seatNos]) => ({ row, seatNos }));
}

/** Numbers from `first` up to, but not including, `end`. */
export const range = (first: number, end: number): number[] =>
  Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);

type Selection = { sectionIds: string[]; rows: { sectionId: string; row: string }[]; seatIds: string[] };

/** The shortest way to name these seats to the API: whole sections, whole rows, and single seats. */
export function selectionOf(layout: Layout, isChosen: (seatNo: number) => boolean): Selection {
  const selection: Selection = { sectionIds: [], rows: [], seatIds: [] };
  for (const section of layout.sections) {
    const seatNos = range(section.first, section.end);
    const chosen = seatNos.filter(isChosen);
    if (chosen.length === 0) continue;
    if (chosen.length === seatNos.length) {
      selection.sectionIds.push(section.id);
      continue;
    }
    for (const { row, seatNos: ofRow } of rowsOf(layout, section)) {
      const chosenOfRow = ofRow.filter(isChosen);
      if (row !== '' && chosenOfRow.length === ofRow.length) selection.rows.push({ sectionId: section.id, row });
      else selection.seatIds.push(...chosenOfRow.map(layout.idOf));
    }
  }
  return selection;
}
