import { useParams } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useQuery } from 'urql';
import type { ResultOf } from '../api/graphql.ts';
import { Form, someText, TextBox, textOf, Wrong } from '../forms/fields.tsx';
import { instantOf } from '../forms/local-time.ts';
import { restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { EVENT_ALLOCATIONS, SET_ALLOCATION } from '../operations/sales.ts';
import { Codes } from '../organize/codes.tsx';
import { SeatsPage } from '../organize/event-page.tsx';
import { type Layout, selectionOf } from '../organize/layouts.ts';
import { PlanDrawing } from '../organize/plan-drawing.tsx';
import type { PricedEvent } from '../organize/price-draft.ts';
import { type Look, SeatList } from '../organize/seat-list.tsx';
import { useFormats } from '../parts/formats.ts';
import { errorText } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { counted, fill } from '../texts/texts.ts';

type Allocation = NonNullable<NonNullable<ResultOf<typeof EVENT_ALLOCATIONS>['event']>['allocations']>[number];

/** Seats that are not for the public, and the codes that open them. */
export function AllocationsPage() {
  const { eventId } = useParams({ from: '/organizer/events/$eventId/allocations' });
  const texts = useOrganizerTexts();
  return (
    <SeatsPage eventId={eventId} title={texts.allocations}>
      {(found) => <Allocations {...found} />}
    </SeatsPage>
  );
}

function Allocations({ event, layout }: { event: PricedEvent; layout: Layout }) {
  const texts = useOrganizerTexts();
  const variables = { id: event.id };
  const [{ data, error }] = useQuery({ query: EVENT_ALLOCATIONS, variables, requestPolicy: 'cache-and-network' });
  const allocations = data?.event?.allocations ?? [];
  return (
    <>
      <section className="paper">
        <h2>{texts.allocations}</h2>
        {error && <p className="notice bad">{errorText(texts, error)}</p>}
        {data && allocations.length === 0 && <p className="hint">{texts.noAllocations}</p>}
        <ul className="lines">
          {allocations.map((allocation) => (
            <AllocationLine key={allocation.name} of={allocation} timeZone={event.venue.timeZone} />
          ))}
        </ul>
      </section>
      <AllocationForm {...{ event, layout }} names={allocations.map(({ name }) => name)} />
      <Codes {...{ event, allocations }} />
    </>
  );
}

function AllocationLine({ of, timeZone }: { of: Allocation; timeZone: string }) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  const { name, seats, available, reason, releaseAt } = of;
  const facts = [
    counted(texts.seatCount, seats),
    counted(texts.stillFreeCount, available),
    ...(reason ? [reason] : []),
    ...(releaseAt ? [fill(texts.releasedAt, formats.dateTime(releaseAt, timeZone))] : []),
  ];
  return (
    <li className="line">
      <span className="row-text">
        <strong>{name}</strong>
        <span>{facts.join(' · ')}</span>
      </span>
    </li>
  );
}

const CHOSEN = '#2f6fde';
const OTHER = '#8a91a0';

type FormProps = { event: PricedEvent; layout: Layout; names: readonly string[] };

function AllocationForm({ event, layout, names }: FormProps) {
  const texts = useOrganizerTexts();
  const { timeZone } = event.venue;
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [changed, setChanged] = useState<number>();
  const { run, isBusy, problems } = useAction(SET_ALLOCATION);
  const toggle = (seatNos: readonly number[]) => {
    const isAll = seatNos.every((seatNo) => chosen.has(seatNo));
    const next = new Set(chosen);
    for (const seatNo of seatNos) isAll ? next.delete(seatNo) : next.add(seatNo);
    setChosen(next);
  };
  const submit = async (given: FormData) => {
    setChanged(undefined);
    const releaseAt = instantOf(textOf(given, 'releaseAt'), timeZone);
    const input = {
      ...{ eventId: event.id, seats: selectionOf(layout, (seatNo) => chosen.has(seatNo)) },
      allocation: someText(given, 'allocation') ?? null,
      ...(someText(given, 'reason') && { reason: textOf(given, 'reason') }),
      ...(releaseAt && { releaseAt }),
    };
    const { done } = await run({ input });
    if (!done) return;
    setChanged(done.changed);
    setChosen(new Set());
  };
  const colourOf = useMemo(() => (seatNo: number) => (chosen.has(seatNo) ? CHOSEN : OTHER), [chosen]);
  const lookOf = (seatNos: readonly number[]): Look => {
    const count = seatNos.filter((seatNo) => chosen.has(seatNo)).length;
    const text = count === 0 ? texts.notChosen : fill(texts.chosenOf, count, seatNos.length);
    return { text, colour: count === seatNos.length ? CHOSEN : undefined };
  };
  const press = (seatNo: number) => {
    const section = layout.sections[layout.sectionOf[seatNo] ?? 0];
    if (!section?.isGeneral) return toggle([seatNo]);
    toggle(Array.from({ length: section.end - section.first }, (_, index) => section.first + index));
  };
  return (
    <Form className="paper form" problems={problems} submit={(given) => void submit(given)}>
      <h2>{texts.setAllocation}</h2>
      <p className="hint">{texts.setAllocationHint}</p>
      <PlanDrawing {...{ layout, colourOf }} label={texts.setAllocation} pressed={press} />
      <details>
        <summary>{texts.chooseInList}</summary>
        <SeatList {...{ layout, lookOf }} verb={texts.choose} press={toggle} />
      </details>
      <div className="pair times">
        <TextBox
          name="allocation"
          label={texts.allocationName}
          hint={texts.allocationNameHint}
          problem={problems.allocation}
          maxLength={60}
          list="allocation-names"
        />
        <TextBox name="reason" label={texts.reason} problem={problems.reason} maxLength={200} />
        <TextBox name="releaseAt" type="datetime-local" label={texts.releaseAt} problem={problems.releaseAt} />
      </div>
      <datalist id="allocation-names">
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Wrong texts={restOf(problems, ['allocation', 'reason', 'releaseAt'])} />
      {changed !== undefined && (
        <p className="notice good" role="status">
          {counted(texts.seatsChanged, changed)}
        </p>
      )}
      <button type="submit" className="button primary" disabled={isBusy || chosen.size === 0}>
        {counted(texts.giveSeats, chosen.size)}
      </button>
    </Form>
  );
}
