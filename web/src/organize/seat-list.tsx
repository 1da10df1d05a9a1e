import { useState } from 'react';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { counted, fill } from '../texts/texts.ts';
import { type Layout, range, rowsOf } from './layouts.ts';

type Section = Layout['sections'][number];
/** How a group of seats looks: the names of what its seats have, and the color when all have the same. */
export type Look = { readonly text: string; readonly colour: string | undefined };

type Props = {
  readonly layout: Layout;
  /** What a press does, for example `Give the level Stalls`. */
  readonly verb: string;
  readonly lookOf: (seatNos: readonly number[]) => Look;
  readonly press: (seatNos: readonly number[]) => void;
};

/** Every section, row and seat of a plan as a list, for people who cannot see or hit the drawing. */
export function SeatList(props: Props) {
  return (
    <ul className="lines">
      {props.layout.sections.map((section) => (
        <li key={section.id}>
          <SectionLine {...props} section={section} />
        </li>
      ))}
    </ul>
  );
}

function SectionLine({ section, ...props }: Props & { section: Section }) {
  const texts = useOrganizerTexts();
  const [isOpen, setOpen] = useState(false);
  const { layout, verb, lookOf, press } = props;
  const seatNos = range(section.first, section.end);
  const name = fill(texts.section, section.label);
  return (
    <div className="seat-group">
      <div className="line">
        <Swatch look={lookOf(seatNos)} name={`${name} · ${counted(texts.seatCount, seatNos.length)}`} />
        <button type="button" className="button" aria-label={`${verb}: ${name}`} onClick={() => press(seatNos)}>
          {verb}
        </button>
      </div>
      {!section.isGeneral && (
        <details onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>{fill(texts.rowsOf, section.label)}</summary>
          {isOpen && (
            <ul className="lines">
              {rowsOf(layout, section).map(({ row, seatNos: ofRow }) => (
                <li key={row}>
                  <RowLine {...props} name={`${name} · ${fill(texts.row, row)}`} seatNos={ofRow} />
                </li>
              ))}
            </ul>
          )}
        </details>
      )}
    </div>
  );
}

function RowLine({ layout, verb, lookOf, press, name, seatNos }: Props & { name: string; seatNos: number[] }) {
  return (
    <>
      <div className="line">
        <Swatch look={lookOf(seatNos)} name={name} />
        <button type="button" className="button" aria-label={`${verb}: ${name}`} onClick={() => press(seatNos)}>
          {verb}
        </button>
      </div>
      <div className="seat-buttons">
        {seatNos.map((seatNo) => (
          <SeatButton key={seatNo} {...{ layout, lookOf, press, seatNo, name }} />
        ))}
      </div>
    </>
  );
}

type SeatProps = Omit<Props, 'verb'> & { seatNo: number; name: string };

function SeatButton({ layout, lookOf, press, seatNo, name }: SeatProps) {
  const texts = useOrganizerTexts();
  const { text, colour } = lookOf([seatNo]);
  const seat = fill(texts.seat, layout.labelOf(seatNo));
  return (
    <button type="button" aria-label={`${name} · ${seat} · ${text}`} onClick={() => press([seatNo])}>
      <svg className="swatch" viewBox="0 0 14 14" aria-hidden="true">
        <rect width="14" height="14" rx="3" fill={colour ?? 'none'} stroke="currentColor" />
      </svg>
      {layout.labelOf(seatNo)}
    </button>
  );
}

function Swatch({ look: { text, colour }, name }: { look: Look; name: string }) {
  return (
    <span className="row-text">
      <strong>{name}</strong>
      <span>
        <svg className="swatch" viewBox="0 0 14 14" aria-hidden="true">
          <rect width="14" height="14" rx="3" fill={colour ?? 'none'} stroke="currentColor" />
        </svg>{' '}
        {text}
      </span>
    </span>
  );
}
