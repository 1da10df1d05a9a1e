import { TextBox } from '../forms/fields.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { counted, fill } from '../texts/texts.ts';
import { type LevelDraft, newLevel, priceField, withoutLevel } from './price-draft.ts';
import { type PartProps, TakeAway } from './price-parts.tsx';

type Props = PartProps & { readonly currency: string; readonly brush: string; readonly setBrush: (id: string) => void };

/** The levels with a price for each ticket type. One of them is the one that is painted with. */
export function PriceLevels({ draft, problems, change, currency, brush, setBrush }: Props) {
  const texts = useOrganizerTexts();
  const set = (id: string, next: Partial<LevelDraft>) =>
    change({ levels: draft.levels.map((level) => (level.id === id ? { ...level, ...next } : level)) });
  const counts = new Map<number, number>();
  for (const at of draft.painting) counts.set(at, (counts.get(at) ?? 0) + 1);
  return (
    <section className="paper">
      <h2>{texts.levels}</h2>
      <p className="hint">{texts.levelsHint}</p>
      {draft.levels.map((level, at) => (
        <fieldset className="entry" key={level.id} aria-label={level.name || texts.levels}>
          <label className="check brush">
            <input type="radio" name="brush" checked={brush === level.id} onChange={() => setBrush(level.id)} />
            <svg className="swatch" viewBox="0 0 14 14" aria-hidden="true">
              <rect width="14" height="14" rx="3" fill={level.colour} />
            </svg>
            {fill(texts.paintWith, level.name)} · {counted(texts.seatCount, counts.get(at) ?? 0)}
          </label>
          <TextBox
            name={`level${at}`}
            label={texts.name}
            problem={
              problems[`priceLevels[${at}].name`] ??
              problems[`priceLevels[${at}].seats`] ??
              problems[`priceLevels[${at}].prices`]
            }
            value={level.name}
            onChange={({ target }) => set(level.id, { name: target.value })}
            required
          />
          {draft.types.map((type) => (
            <TextBox
              key={type.id}
              name={`price${at}${type.id}`}
              label={`${type.name} (${currency})`}
              inputMode="decimal"
              problem={problems[priceField(at, type.id)]}
              value={level.prices[type.id] ?? ''}
              placeholder={texts.notSold}
              onChange={({ target }) => set(level.id, { prices: { ...level.prices, [type.id]: target.value } })}
            />
          ))}
          <TextBox
            name={`colour${at}`}
            type="color"
            label={texts.colour}
            value={level.colour}
            onChange={({ target }) => set(level.id, { colour: target.value })}
          />
          {draft.levels.length > 1 && <TakeAway name={level.name} act={() => change(withoutLevel(draft, level.id))} />}
        </fieldset>
      ))}
      <button
        type="button"
        className="button"
        onClick={() => change({ levels: [...draft.levels, newLevel(draft.levels.length, '')] })}
      >
        {texts.addLevel}
      </button>
    </section>
  );
}
