import { useState } from 'react';
import { ChoiceBox, Form, someNumber, someText, TextArea, TextBox, textOf, Wrong } from '../forms/fields.tsx';
import { instantOf } from '../forms/local-time.ts';
import { decimalsOf, minorOf } from '../forms/money.ts';
import { type Problems, restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { CREATE_CODES } from '../operations/sales.ts';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { counted } from '../texts/texts.ts';
import type { PricedEvent } from './price-draft.ts';

type Props = { readonly event: PricedEvent; readonly allocations: readonly { readonly name: string }[] };

/** Makes codes. The API keeps only their hashes, so the page shows them once, to copy and to save. */
export function Codes({ event, allocations }: Props) {
  const texts = useOrganizerTexts();
  const [codes, setCodes] = useState<readonly string[]>([]);
  const { run, isBusy, problems, setProblems } = useAction(CREATE_CODES);
  const types = event.priceList?.ticketTypes.filter(({ needsCode }) => needsCode) ?? [];
  const opened = [...allocations.map(({ name }) => [name, name]), ...types.map(({ key, name }) => [key, name])];
  const submit = async (given: FormData) => {
    const discount = discountOf(given, decimalsOf(event.currency));
    if (!discount) return setProblems({ discount: texts.notAnAmount });
    const { timeZone } = event.venue;
    const own = textOf(given, 'own')
      .split(/\s+/)
      .filter((code) => code !== '');
    const input = {
      ...{ eventId: event.id, ...discount },
      ...(own.length > 0 ? { codes: own } : { count: someNumber(given, 'count') ?? 1 }),
      opens: given.getAll('opens').map(String),
      usesPerCode: someNumber(given, 'usesPerCode') ?? 1,
      validFrom: instantOf(textOf(given, 'validFrom'), timeZone) ?? null,
      validUntil: instantOf(textOf(given, 'validUntil'), timeZone) ?? null,
    };
    const { done } = await run({ input });
    if (done) setCodes(done.codes);
  };
  return (
    <Form className="paper form" problems={problems} submit={(given) => void submit(given)}>
      <h2>{texts.codes}</h2>
      <p className="hint">{texts.codesHint}</p>
      {opened.length > 0 && (
        <fieldset className="chips">
          <legend>{texts.codeOpens}</legend>
          {opened.map(([key = '', name = '']) => (
            <label key={key} className="check">
              <input type="checkbox" name="opens" value={key} />
              {name}
            </label>
          ))}
        </fieldset>
      )}
      <CodeTerms {...{ problems }} currency={event.currency} />
      <Wrong
        texts={restOf(problems, [
          'count',
          'usesPerCode',
          'codes',
          'discount',
          'discountPercent',
          'discountMinor',
          'validFrom',
          'validUntil',
        ])}
      />
      <button type="submit" className="button primary" disabled={isBusy}>
        {texts.makeCodes}
      </button>
      {codes.length > 0 && <Made codes={codes} title={event.title} />}
    </Form>
  );
}

function CodeTerms({ problems, currency }: { problems: Problems; currency: string }) {
  const texts = useOrganizerTexts();
  const wrong = problems.discount ?? problems.discountPercent ?? problems.discountMinor;
  return (
    <>
      <div className="pair">
        <TextBox
          name="count"
          type="number"
          min={1}
          max={1000}
          label={texts.howManyCodes}
          problem={problems.count}
          defaultValue={1}
        />
        <TextBox
          name="usesPerCode"
          type="number"
          min={1}
          label={texts.usesPerCode}
          problem={problems.usesPerCode}
          defaultValue={1}
        />
        <TextArea name="own" label={texts.ownCodes} hint={texts.ownCodesHint} problem={problems.codes} />
      </div>
      <div className="pair">
        <ChoiceBox
          name="discountKind"
          label={texts.discount}
          options={[
            ['NONE', texts.noDiscount],
            ['PERCENT', texts.percent],
            ['AMOUNT', `${texts.amount} (${currency})`],
          ]}
        />
        <TextBox name="discount" label={texts.howMuchOff} inputMode="decimal" problem={wrong} />
      </div>
      <div className="pair times">
        <TextBox name="validFrom" type="datetime-local" label={texts.validFrom} problem={problems.validFrom} />
        <TextBox name="validUntil" type="datetime-local" label={texts.validUntil} problem={problems.validUntil} />
      </div>
    </>
  );
}

/** The discount that the form says; undefined when its amount is not one. */
function discountOf(given: FormData, decimals: number) {
  const kind = textOf(given, 'discountKind');
  const text = someText(given, 'discount') ?? '';
  if (kind === 'PERCENT') return { discountPercent: text.replace(',', '.') };
  if (kind === 'NONE') return {};
  const discountMinor = minorOf(text, decimals);
  return discountMinor === undefined ? undefined : { discountMinor };
}

function Made({ codes, title }: { codes: readonly string[]; title: string }) {
  const texts = useOrganizerTexts();
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(codes.join('\n'));
    setCopied(true);
  };
  const save = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([`code\n${codes.join('\n')}\n`], { type: 'text/csv' }));
    link.download = `${title} codes.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
  };
  return (
    <div className="notice good" role="status">
      <p>{counted(texts.codesMade, codes.length)}</p>
      <ul className="codes">
        {codes.slice(0, 50).map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className="actions">
        <button type="button" className="button" onClick={() => void copy()}>
          {isCopied ? texts.copied : texts.copy}
        </button>
        <button type="button" className="button" onClick={save}>
          {texts.saveAsFile}
        </button>
      </div>
    </div>
  );
}
