import { ToggleButton, ToggleButtonGroup } from 'react-aria-components';
import { useTexts } from '../texts/texts.ts';
import type { FullEvent } from './event-types.ts';
import { useFormats } from './formats.ts';

export type Wanted = {
  readonly tiers: readonly string[];
  readonly stepFree?: boolean;
  readonly wheelchair?: boolean;
  readonly fullView?: boolean;
};

type Props = {
  readonly event: FullEvent;
  readonly wanted: Wanted;
  /** The color of each price on the map. */
  readonly colours: ReadonlyMap<string, string>;
  readonly change: (wanted: Wanted) => void;
};

/** The price list, which is the filter of the map too. */
export function PriceFilter({ event, wanted, colours, change }: Props) {
  const texts = useTexts();
  const features = ['stepFree', 'wheelchair', 'fullView'] as const;
  return (
    <section>
      <h2>{texts.prices}</h2>
      {colours.size > 0 ? <Tiers {...{ event, wanted, colours, change }} /> : <PriceList event={event} />}
      <ToggleButtonGroup
        className="chips"
        aria-label={texts.features}
        selectionMode="multiple"
        selectedKeys={features.filter((feature) => wanted[feature])}
        onSelectionChange={(keys) =>
          change({ ...wanted, ...Object.fromEntries(features.map((feature) => [feature, keys.has(feature)])) })
        }
      >
        {features.map((feature) => (
          <ToggleButton key={feature} id={feature} className="chip">
            {texts[feature]}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
    </section>
  );
}

/** Each price with its color on the map: pressing it leaves only its seats. */
function Tiers({ event, wanted, colours, change }: Props) {
  const texts = useTexts();
  const formats = useFormats();
  return (
    <ToggleButtonGroup
      className="tiers"
      aria-label={texts.prices}
      selectionMode="multiple"
      selectedKeys={wanted.tiers}
      onSelectionChange={(keys) => change({ ...wanted, tiers: [...keys].map(String) })}
    >
      {event.priceTiers.map(({ name, price }) => (
        <ToggleButton key={name} id={name} className="tier">
          <span>
            <svg className="swatch" viewBox="0 0 14 14" aria-hidden="true">
              <circle cx="7" cy="7" r="7" fill={colours.get(name) ?? 'none'} />
            </svg>
            {name}
          </span>
          <b>{formats.money(price)}</b>
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}

/** Prices that the map cannot show by color, because the organizer has set levels of another kind than the plan has. */
function PriceList({ event }: { event: FullEvent }) {
  const formats = useFormats();
  return (
    <dl className="total">
      {event.priceTiers.map(({ name, price }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{formats.money(price)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The shapes of the map, which differ without colors too. */
export function Legend() {
  const texts = useTexts();
  return (
    <section>
      <h2>{texts.legend}</h2>
      <ul className="legend">
        <li>
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <circle cx="10" cy="10" r="8" className="seat-free" />
          </svg>
          {texts.looksFree}
        </li>
        <li>
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <circle cx="10" cy="10" r="6.500" className="seat-held" />
          </svg>
          {texts.looksHeld}
        </li>
        <li>
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <path d="M5 5l10 10M15 5L5 15" className="seat-sold" />
          </svg>
          {texts.looksSold}
        </li>
        <li>
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <rect x="1" y="1" width="18" height="18" rx="5" className="seat-mine" />
            <path d="M5.500 10.500l3 3 6-6" className="seat-check" />
          </svg>
          {texts.looksMine}
        </li>
      </ul>
    </section>
  );
}
