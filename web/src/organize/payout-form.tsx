import { useState } from 'react';
import { Form, TextBox, textOf, Wrong } from '../forms/fields.tsx';
import { decimalsOf, minorOf } from '../forms/money.ts';
import { type Problems, restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { RECORD_PAYOUT } from '../operations/refunds.ts';
import { type Money, useFormats } from '../parts/formats.ts';
import { useWishKey } from '../parts/wish-key.ts';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { fill } from '../texts/texts.ts';

type Props = { readonly organizationId: string; readonly currency: string; readonly recorded: () => void };

const MINUTE_MS = 60_000;

/** What the clock of the device shows now, for a field of the kind `datetime-local`. */
const localNow = (): string =>
  new Date(Date.now() - new Date().getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);

/** Writes a bank transfer to the organizer down. */
export function PayoutForm({ organizationId, currency, recorded }: Props) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  const { run, isBusy, problems, setProblems } = useAction(RECORD_PAYOUT);
  const keys = useWishKey();
  const [made, setMade] = useState<Money>();
  const submit = async (given: FormData, form: HTMLFormElement) => {
    setMade(undefined);
    const amountMinor = minorOf(textOf(given, 'amount'), decimalsOf(currency));
    const paidAt = new Date(textOf(given, 'paidAt'));
    if (!amountMinor) return setProblems({ 'amount.amountMinor': texts.notAnAmount });
    if (Number.isNaN(paidAt.getTime())) return setProblems({ paidAt: texts.INVALID_INPUT });
    const reference = textOf(given, 'reference');
    const wish = { organizationId, amount: { amountMinor, currency }, paidAt: paidAt.toISOString(), reference };
    const { done, refused } = await run({ input: { ...wish, idempotencyKey: keys.of(wish) } });
    if (refused?.__typename === 'PayoutTooLarge')
      setProblems({ 'amount.amountMinor': fill(texts.payoutTooLarge, formats.money(refused.available)) });
    if (done || refused) keys.renew();
    if (!done) return;
    setMade(done.payout.amount);
    form.reset();
    recorded();
  };
  return (
    <Form
      className="paper form"
      label={texts.recordPayout}
      problems={problems}
      submit={(...all) => void submit(...all)}
    >
      <h2>{texts.recordPayout}</h2>
      <p className="hint">{texts.recordPayoutHint}</p>
      <Fields {...{ currency, problems }} />
      <Wrong texts={restOf(problems, ['amount.amountMinor', 'paidAt', 'reference'])} />
      {made && (
        <p className="notice good" role="status">
          {fill(texts.payoutRecorded, formats.money(made))}
        </p>
      )}
      <button type="submit" className="button" disabled={isBusy}>
        {texts.recordPayout}
      </button>
    </Form>
  );
}

function Fields({ currency, problems }: { currency: string; problems: Problems }) {
  const texts = useOrganizerTexts();
  const [latest] = useState(localNow);
  return (
    <div className="pair times">
      <TextBox
        name="amount"
        inputMode="decimal"
        label={`${texts.amount} (${currency})`}
        problem={problems['amount.amountMinor']}
        autoComplete="off"
        required
      />
      <TextBox
        name="paidAt"
        type="datetime-local"
        label={texts.sentAt}
        problem={problems.paidAt}
        defaultValue={latest}
        required
      />
      <TextBox
        name="reference"
        label={texts.transferReference}
        problem={problems.reference}
        maxLength={200}
        autoComplete="off"
        required
      />
    </div>
  );
}
