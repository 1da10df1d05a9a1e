import { ChoiceBox, TextBox } from '../forms/fields.tsx';
import type { Problems } from '../forms/problems.ts';
import { useOrganizerTexts } from '../texts/organizer.ts';
import {
  type FeeDraft,
  newFee,
  newTax,
  newType,
  type PriceDraft,
  type TaxDraft,
  type TypeDraft,
} from './price-draft.ts';

export type PartProps = {
  readonly draft: PriceDraft;
  readonly problems: Problems;
  readonly change: (next: Partial<PriceDraft>) => void;
};

/** Changes one item of a list. */
const withItem = <T extends { id: string }>(items: readonly T[], id: string, next: Partial<T>): T[] =>
  items.map((item) => (item.id === id ? { ...item, ...next } : item));
const without = <T extends { id: string }>(items: readonly T[], id: string): T[] =>
  items.filter((item) => item.id !== id);

export function TicketTypes({ draft, problems, change }: PartProps) {
  const texts = useOrganizerTexts();
  const set = (id: string, next: Partial<TypeDraft>) => change({ types: withItem(draft.types, id, next) });
  return (
    <section className="paper">
      <h2>{texts.ticketTypes}</h2>
      <p className="hint">{texts.ticketTypesHint}</p>
      {draft.types.map((type, at) => (
        <fieldset className="entry" key={type.id} aria-label={type.name || texts.ticketTypes}>
          <TextBox
            name={`type${at}`}
            label={texts.name}
            problem={problems[`ticketTypes[${at}].name`]}
            value={type.name}
            onChange={({ target }) => set(type.id, { name: target.value })}
            required
          />
          <ChoiceBox
            name={`who${at}`}
            label={texts.soldTo}
            value={type.who}
            options={[
              ['EVERY_FAN', texts.everyFan],
              ['CODE', texts.withCode],
              ['BOX_OFFICE', texts.boxOfficeOnly],
            ]}
            onChange={(who) => set(type.id, { who: who as TypeDraft['who'] })}
          />
          <TextBox
            name={`most${at}`}
            type="number"
            min={1}
            label={texts.mostPerBooking}
            problem={problems[`ticketTypes[${at}].maxPerBooking`]}
            value={type.most}
            onChange={({ target }) => set(type.id, { most: target.value })}
          />
          {draft.types.length > 1 && (
            <TakeAway name={type.name} act={() => change({ types: without(draft.types, type.id) })} />
          )}
        </fieldset>
      ))}
      <button type="button" className="button" onClick={() => change({ types: [...draft.types, newType('')] })}>
        {texts.addType}
      </button>
    </section>
  );
}

export function Fees({ draft, problems, change }: PartProps) {
  const texts = useOrganizerTexts();
  const set = (id: string, next: Partial<FeeDraft>) => change({ fees: withItem(draft.fees, id, next) });
  return (
    <section className="paper">
      <h2>{texts.fees}</h2>
      {draft.fees.length === 0 && <p className="hint">{texts.noFees}</p>}
      {draft.fees.map((fee, at) => (
        <fieldset className="entry" key={fee.id} aria-label={fee.name || texts.fees}>
          <TextBox
            name={`fee${at}`}
            label={texts.name}
            problem={problems[`fees[${at}].name`]}
            value={fee.name}
            onChange={({ target }) => set(fee.id, { name: target.value })}
            required
          />
          <ChoiceBox
            name={`feeKind${at}`}
            label={texts.feeKind}
            value={fee.kind}
            options={[
              ['TICKET', texts.perTicket],
              ['BOOKING', texts.perBooking],
              ['PERCENT', texts.percentOfFace],
            ]}
            onChange={(kind) => set(fee.id, { kind: kind as FeeDraft['kind'] })}
          />
          <TextBox
            name={`feeAmount${at}`}
            label={fee.kind === 'PERCENT' ? texts.percent : texts.amount}
            problem={problems[`fees[${at}].amount`] ?? problems[`fees[${at}]`]}
            value={fee.amount}
            inputMode="decimal"
            onChange={({ target }) => set(fee.id, { amount: target.value })}
            required
          />
          <label className="check">
            <input
              type="checkbox"
              checked={fee.refundable}
              onChange={({ target }) => set(fee.id, { refundable: target.checked })}
            />
            {texts.refundable}
          </label>
          <TakeAway name={fee.name} act={() => change({ fees: without(draft.fees, fee.id) })} />
        </fieldset>
      ))}
      <button type="button" className="button" onClick={() => change({ fees: [...draft.fees, newFee()] })}>
        {texts.addFee}
      </button>
    </section>
  );
}

export function Taxes({ draft, problems, change }: PartProps) {
  const texts = useOrganizerTexts();
  const set = (id: string, next: Partial<TaxDraft>) => change({ taxes: withItem(draft.taxes, id, next) });
  return (
    <section className="paper">
      <h2>{texts.taxes}</h2>
      {draft.taxes.length === 0 && <p className="hint">{texts.noTaxes}</p>}
      {draft.taxes.map((tax, at) => (
        <fieldset className="entry" key={tax.id} aria-label={tax.name || texts.taxes}>
          <TextBox
            name={`tax${at}`}
            label={texts.name}
            problem={problems[`taxes[${at}].name`]}
            value={tax.name}
            onChange={({ target }) => set(tax.id, { name: target.value })}
            required
          />
          <TextBox
            name={`taxPercent${at}`}
            label={texts.percent}
            problem={problems[`taxes[${at}].percent`] ?? problems[`taxes[${at}].amount`]}
            value={tax.percent}
            inputMode="decimal"
            onChange={({ target }) => set(tax.id, { percent: target.value })}
            required
          />
          <ChoiceBox
            name={`taxBase${at}`}
            label={texts.taxOf}
            value={tax.appliesTo}
            options={[
              ['ALL', texts.taxOfAll],
              ['FACE', texts.taxOfFace],
              ['FEES', texts.taxOfFees],
            ]}
            onChange={(base) => set(tax.id, { appliesTo: base as TaxDraft['appliesTo'] })}
          />
          <label className="check">
            <input
              type="checkbox"
              checked={tax.inclusive}
              onChange={({ target }) => set(tax.id, { inclusive: target.checked })}
            />
            {texts.taxIncluded}
          </label>
          <TakeAway name={tax.name} act={() => change({ taxes: without(draft.taxes, tax.id) })} />
        </fieldset>
      ))}
      <button type="button" className="button" onClick={() => change({ taxes: [...draft.taxes, newTax()] })}>
        {texts.addTax}
      </button>
    </section>
  );
}

export function TakeAway({ name, act }: { name: string; act: () => void }) {
  const texts = useOrganizerTexts();
  return (
    <button type="button" className="button" aria-label={`${texts.takeAway}: ${name}`} onClick={act}>
      {texts.takeAway}
    </button>
  );
}
