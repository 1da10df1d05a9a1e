import '../styles/money.css';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useClient, useQuery } from 'urql';
import type { ResultOf } from '../api/graphql.ts';
import { ChoiceBox, TextBox, Wrong } from '../forms/fields.tsx';
import { currenciesIn } from '../forms/places.ts';
import { JOURNAL, ORGANIZATION_MONEY, STATEMENT } from '../operations/refunds.ts';
import { PayoutForm } from '../organize/payout-form.tsx';
import { PageHead, SignedIn, Waiting } from '../organize/signed-in.tsx';
import { useFormats } from '../parts/formats.ts';
import { errorText, Failure } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { useLanguage } from '../texts/texts.ts';
import { NotFoundPage } from './not-found.tsx';

/** What is owed to an organization in a period, and the payouts to it. */
export function StatementsPage() {
  const texts = useOrganizerTexts();
  return <SignedIn title={texts.statements}>{() => <Found />}</SignedIn>;
}

function Found() {
  const { organizationId: id } = useParams({ from: '/organizer/organizations/$organizationId/statements' });
  const texts = useOrganizerTexts();
  const [{ data, error }, again] = useQuery({ query: ORGANIZATION_MONEY, variables: { id } });
  const found = data?.node && 'viewerRole' in data.node ? data.node : undefined;
  if (!found && error) return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  if (!found) return data ? <NotFoundPage /> : <Waiting />;
  const mayRead = found.viewerRole === 'OWNER' || found.viewerRole === 'FINANCE';
  return (
    <section className="column">
      <PageHead title={texts.statements}>
        <Link to="/organizer/organizations/$organizationId" params={{ organizationId: id }}>
          {found.name}
        </Link>
      </PageHead>
      {mayRead ? (
        <Statements id={id} sold={[...new Set(found.events.nodes.map(({ currency }) => currency))]} />
      ) : (
        <p>{texts.NOT_ALLOWED}</p>
      )}
    </section>
  );
}

/** A day as a field of the kind `date` has it, on the clock of the device. */
const dayOf = (date: Date): string =>
  [date.getFullYear(), String(date.getMonth() + 1).padStart(2, '0'), String(date.getDate()).padStart(2, '0')].join('-');

/** The instant at which a day begins on the clock of the device; undefined for no day. */
function beginningOf(day: string, daysLater = 0): string | undefined {
  const date = new Date(`${day}T00:00`);
  if (Number.isNaN(date.getTime())) return undefined;
  date.setDate(date.getDate() + daysLater);
  return date.toISOString();
}

function Statements({ id, sold }: { id: string; sold: readonly string[] }) {
  const texts = useOrganizerTexts();
  const language = useLanguage();
  const today = new Date();
  const [first, setFirst] = useState(dayOf(new Date(today.getFullYear(), today.getMonth(), 1)));
  const [last, setLast] = useState(dayOf(today));
  const [currency, setCurrency] = useState(sold.at(-1) ?? 'EUR');
  const from = beginningOf(first);
  const to = beginningOf(last, 1);
  const isPeriod = from !== undefined && to !== undefined && from < to;
  const variables = { id, from: from ?? '', to: to ?? '', currency };
  const [{ data, error, fetching }, again] = useQuery({
    query: STATEMENT,
    variables,
    pause: !isPeriod,
    requestPolicy: 'cache-and-network',
  });
  const statement = data?.node && 'statement' in data.node ? data.node.statement : undefined;
  const all = currenciesIn(language);
  const options = [...all.filter(([code]) => sold.includes(code)), ...all.filter(([code]) => !sold.includes(code))];
  return (
    <>
      <section className="paper">
        <div className="pair times">
          <TextBox
            name="first"
            type="date"
            label={texts.firstDay}
            value={first}
            onChange={({ target }) => setFirst(target.value)}
          />
          <TextBox
            name="last"
            type="date"
            label={texts.lastDay}
            problem={isPeriod ? undefined : texts.periodWrong}
            value={last}
            onChange={({ target }) => setLast(target.value)}
          />
          <ChoiceBox name="currency" label={texts.currency} value={currency} options={options} onChange={setCurrency} />
        </div>
        {error && <Wrong texts={[errorText(texts, error)]} />}
        {isPeriod && !statement && fetching && <Waiting />}
        {isPeriod && statement && <Statement statement={statement} />}
        {isPeriod && <Journal variables={variables} />}
      </section>
      <PayoutForm
        organizationId={id}
        currency={currency}
        recorded={() => isPeriod && again({ requestPolicy: 'network-only' })}
      />
    </>
  );
}

type Read = Extract<NonNullable<ResultOf<typeof STATEMENT>['node']>, { statement: unknown }>['statement'];

function Statement({ statement }: { statement: Read }) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  const { opening, lines, closing, held, available, isFinal } = statement;
  return (
    <>
      <table className="statement">
        <thead>
          <tr>
            <th scope="col">{texts.statementLine}</th>
            <th scope="col">{texts.entries}</th>
            <th scope="col">{texts.amount}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{texts.opening}</th>
            <td />
            <td>{formats.money(opening)}</td>
          </tr>
          {lines.map(({ kind, count, amount }) => (
            <tr key={kind}>
              <th scope="row">{texts[`line${kind}`]}</th>
              <td>{formats.number(count)}</td>
              <td>{formats.money(amount)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{texts.closing}</th>
            <td />
            <td>{formats.money(closing)}</td>
          </tr>
        </tfoot>
      </table>
      <dl className="figures">
        <div>
          <dt>{texts.heldByOrganizer}</dt>
          <dd>{formats.money(held)}</dd>
        </div>
        <div>
          <dt>{texts.canBePaidOut}</dt>
          <dd>{formats.money(available)}</dd>
        </div>
      </dl>
      <p className="hint">{isFinal ? texts.statementFinal : texts.statementOpen}</p>
    </>
  );
}

/** The link is signed when it is wanted, because it ends soon. */
function Journal({ variables }: { variables: { id: string; from: string; to: string; currency: string } }) {
  const texts = useOrganizerTexts();
  const client = useClient();
  const [problem, setProblem] = useState('');
  const open = async () => {
    setProblem('');
    const { data, error } = await client.query(JOURNAL, variables, { requestPolicy: 'network-only' }).toPromise();
    if (data?.node && 'journalExport' in data.node) location.assign(data.node.journalExport.url);
    else setProblem(error ? errorText(texts, error) : texts.NOT_ALLOWED);
  };
  return (
    <>
      <button type="button" className="button" onClick={() => void open()}>
        {texts.journalFile}
      </button>
      <Wrong texts={problem ? [problem] : []} />
    </>
  );
}
