import { useState } from 'react';
import { ChoiceBox, TextArea, TextBox } from '../forms/fields.tsx';
import { localOf } from '../forms/local-time.ts';
import { currenciesIn } from '../forms/places.ts';
import type { Problems } from '../forms/problems.ts';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { useLanguage } from '../texts/texts.ts';
import { CATEGORIES, type EventValues, POLICIES } from './event-values.ts';

type Props = { readonly values: Partial<EventValues>; readonly problems: Problems };

/** What fans read of an event. */
export function AboutFields({ values, problems }: Props) {
  const texts = useOrganizerTexts();
  return (
    <fieldset>
      <legend>{texts.about}</legend>
      <TextBox
        name="title"
        label={texts.eventTitle}
        problem={problems.title}
        defaultValue={values.title}
        required
        maxLength={200}
      />
      <div className="pair">
        <ChoiceBox
          name="category"
          label={texts.category}
          problem={problems.category}
          defaultValue={values.category}
          options={CATEGORIES.map((category) => [category, texts[category]])}
        />
        <TextArea
          name="performers"
          label={texts.performers}
          hint={texts.onePerLine}
          problem={problems.performers}
          defaultValue={values.performers?.join('\n') ?? ''}
        />
      </div>
      <TextArea
        name="description"
        label={texts.description}
        problem={problems.description}
        defaultValue={values.description ?? ''}
        maxLength={10_000}
      />
    </fieldset>
  );
}

type TimeProps = Props & { readonly timeZone: string; readonly isPublished: boolean };

/** When it takes place and when it is sold, on the clock of the venue. */
export function TimeFields({ values, problems, timeZone, isPublished }: TimeProps) {
  const texts = useOrganizerTexts();
  const time = (name: 'startsAt' | 'doorsAt' | 'endsAt', hint?: string) => (
    <TextBox
      name={name}
      type="datetime-local"
      label={texts[name]}
      hint={hint}
      problem={problems[name]}
      defaultValue={values[name] ?? ''}
      required={name === 'startsAt'}
      disabled={isPublished && name === 'startsAt'}
    />
  );
  const instant = (name: 'onSaleAt' | 'offSaleAt' | 'cancellableUntil', hint?: string) => (
    <TextBox
      name={name}
      type="datetime-local"
      label={texts[name]}
      hint={hint}
      problem={problems[name]}
      defaultValue={localOf(values[name], timeZone)}
      required={name !== 'cancellableUntil'}
    />
  );
  return (
    <fieldset>
      <legend>{texts.times}</legend>
      <p className="hint">
        {texts.clockOfVenue} ({timeZone})
      </p>
      <div className="pair times">
        {time('startsAt', isPublished ? texts.useReschedule : undefined)}
        {time('doorsAt')}
        {time('endsAt')}
      </div>
      <div className="pair times">
        {instant('onSaleAt')}
        {instant('offSaleAt')}
        {instant('cancellableUntil', texts.cancellableHint)}
      </div>
    </fieldset>
  );
}

/** How seats are held and sold. */
export function RuleFields({ values, problems }: Props) {
  const texts = useOrganizerTexts();
  const language = useLanguage();
  const [policy, setPolicy] = useState<(typeof POLICIES)[number]>(values.orphanPolicy ?? 'LENIENT');
  const count = { type: 'number', required: true, min: 1 } as const;
  return (
    <fieldset>
      <legend>{texts.rules}</legend>
      <div className="pair">
        <ChoiceBox
          name="currency"
          label={texts.currency}
          problem={problems.currency}
          defaultValue={values.currency ?? 'EUR'}
          options={currenciesIn(language)}
        />
        <TextBox
          {...count}
          name="holdMinutes"
          label={texts.holdMinutes}
          hint={texts.holdHint}
          problem={problems.holdSeconds}
          defaultValue={(values.holdSeconds ?? 300) / 60}
          max={60}
          step="any"
        />
      </div>
      <div className="pair">
        <TextBox
          {...count}
          name="seatsPerBooking"
          label={texts.seatsPerBooking}
          problem={problems.seatsPerBooking}
          defaultValue={values.seatsPerBooking ?? 10}
          max={100}
        />
        <TextBox
          {...count}
          name="seatsPerViewer"
          label={texts.seatsPerViewer}
          problem={problems.seatsPerViewer}
          defaultValue={values.seatsPerViewer ?? 20}
          max={1_000}
        />
      </div>
      <ChoiceBox
        name="orphanPolicy"
        label={texts.singleSeats}
        hint={texts[`policy${policy}Hint`]}
        problem={problems.orphanPolicy}
        value={policy}
        options={POLICIES.map((one) => [one, texts[`policy${one}`]])}
        onChange={(wanted) => setPolicy(wanted as (typeof POLICIES)[number])}
      />
    </fieldset>
  );
}
