import { InvalidInput } from '#domain/errors.ts';
import { decodeGlobalId, decodeSeatId } from '#domain/global-id-rules.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';

const RowInput = builder.inputType('RowInput', {
  description: 'A row of a section.',
  fields: (t) => ({
    sectionId: t.id({ required: true, description: 'The id of a Section.' }),
    row: t.string({ required: true, description: 'The label of the row, as it is written on the signs.' }),
  }),
});

export const SeatSelectionInput = builder.inputType('SeatSelectionInput', {
  description: 'Seats of a seating plan: the union of the three.',
  fields: (t) => ({
    sectionIds: t.idList({ description: 'All seats of these sections.' }),
    rows: t.field({ type: [RowInput], description: 'All seats of these rows.' }),
    seatIds: t.idList({ description: 'These seats.' }),
  }),
});

type Selection = typeof SeatSelectionInput.$inferInput;

/** Returns the seats with raw ids. Throws InvalidInput, naming the field below `path`. */
export function selectionOf({ sectionIds, rows, seatIds }: Selection, path: string) {
  const sectionOf = (id: string, field: string): string => {
    const sectionId = decodeId('Section', id);
    if (!sectionId) throw new InvalidInput(field, 'This is not the id of a section.');
    return sectionId;
  };
  const seatOf = (id: string, field: string): string => {
    const seat = decodeGlobalId(id);
    if (seat?.type !== 'Seat' || !decodeSeatId(seat.id)) throw new InvalidInput(field, 'This is not the id of a seat.');
    return seat.id;
  };
  return {
    sectionIds: sectionIds?.map((id, index) => sectionOf(id, `${path}.sectionIds[${index}]`)),
    rows: rows?.map(({ sectionId, row }, index) => ({
      sectionId: sectionOf(sectionId, `${path}.rows[${index}].sectionId`),
      row,
    })),
    seatIds: seatIds?.map((id, index) => seatOf(id, `${path}.seatIds[${index}]`)),
  };
}
