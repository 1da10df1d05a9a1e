import { ChoiceBox, Form, TextArea, TextBox, textOf, Wrong } from '../forms/fields.tsx';
import { countriesIn, timeZones } from '../forms/places.ts';
import { type Problems, restOf } from '../forms/problems.ts';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { useLanguage } from '../texts/texts.ts';

export type VenueValues = {
  readonly name: string;
  readonly address: string | null;
  readonly city: string;
  readonly countryCode: string;
  readonly timeZone: string;
  readonly location: { readonly latitude: number; readonly longitude: number };
};

type Props = {
  readonly venue?: VenueValues;
  readonly problems: Problems;
  readonly isBusy: boolean;
  readonly button: string;
  readonly save: (values: VenueValues) => void;
};

const FIELDS = ['name', 'address', 'city', 'countryCode', 'timeZone', 'location.latitude', 'location.longitude'];

/** The fields of a venue, new or not. */
export function VenueForm({ venue, problems, isBusy, button, save }: Props) {
  const texts = useOrganizerTexts();
  const language = useLanguage();
  const submit = (given: FormData) =>
    save({
      name: textOf(given, 'name'),
      address: textOf(given, 'address') || null,
      city: textOf(given, 'city'),
      countryCode: textOf(given, 'countryCode'),
      timeZone: textOf(given, 'timeZone'),
      location: { latitude: Number(textOf(given, 'latitude')), longitude: Number(textOf(given, 'longitude')) },
    });
  return (
    <Form className="paper form" problems={problems} submit={submit}>
      <div className="pair">
        <TextBox
          name="name"
          label={texts.name}
          problem={problems.name}
          defaultValue={venue?.name}
          required
          maxLength={100}
        />
        <TextBox
          name="city"
          label={texts.city}
          problem={problems.city}
          defaultValue={venue?.city}
          required
          maxLength={100}
        />
      </div>
      <TextArea
        name="address"
        label={texts.address}
        problem={problems.address}
        defaultValue={venue?.address ?? ''}
        maxLength={300}
      />
      <div className="pair">
        <ChoiceBox
          name="countryCode"
          label={texts.country}
          problem={problems.countryCode}
          options={countriesIn(language)}
          defaultValue={venue?.countryCode ?? new Intl.Locale(navigator.language).region ?? 'US'}
        />
        <ChoiceBox
          name="timeZone"
          label={texts.timeZone}
          hint={texts.timeZoneHint}
          problem={problems.timeZone}
          options={timeZones()}
          defaultValue={venue?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone}
        />
      </div>
      <Location {...{ venue, problems }} />
      <Wrong texts={restOf(problems, FIELDS)} />
      <button type="submit" className="button primary" disabled={isBusy}>
        {button}
      </button>
    </Form>
  );
}

function Location({ venue, problems }: { venue: VenueValues | undefined; problems: Problems }) {
  const texts = useOrganizerTexts();
  const angle = { type: 'number', step: 'any', required: true, inputMode: 'decimal' } as const;
  return (
    <div className="pair">
      <TextBox
        {...angle}
        name="latitude"
        label={texts.latitude}
        hint={texts.locationHint}
        problem={problems['location.latitude']}
        defaultValue={venue?.location.latitude}
        min={-90}
        max={90}
      />
      <TextBox
        {...angle}
        name="longitude"
        label={texts.longitude}
        problem={problems['location.longitude']}
        defaultValue={venue?.location.longitude}
        min={-180}
        max={180}
      />
    </div>
  );
}
