import { Link } from '@tanstack/react-router';
import { useQuery } from 'urql';
import { ChoiceBox, Form, TextBox, textOf, Wrong } from '../forms/fields.tsx';
import { countriesIn } from '../forms/places.ts';
import { restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { CREATE_ORGANIZATION, MY_ORGANIZATIONS } from '../operations/organizer.ts';
import { PageHead, SignedIn, Waiting } from '../organize/signed-in.tsx';
import { Failure } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { useLanguage } from '../texts/texts.ts';

/** The organizations of the viewer. */
export function OrganizerPage() {
  const texts = useOrganizerTexts();
  return <SignedIn title={texts.organize}>{() => <Organizations />}</SignedIn>;
}

function Organizations() {
  const texts = useOrganizerTexts();
  const [{ data, error }, again] = useQuery({ query: MY_ORGANIZATIONS });
  const refresh = () => again({ requestPolicy: 'network-only' });
  const organizations = data?.viewer?.organizations;
  if (error && !organizations) return <Failure error={error} retry={refresh} />;
  return (
    <section className="column">
      <PageHead title={texts.organize} />
      {!organizations && <Waiting />}
      {organizations && organizations.length > 0 && (
        <ul className="rows">
          {organizations.map(({ id, name, viewerRole }) => (
            <li key={id}>
              <Link to="/organizer/organizations/$organizationId" params={{ organizationId: id }} className="row">
                <span className="row-text">
                  <strong>{name}</strong>
                </span>
                <span className="badge">{viewerRole && texts[`role${viewerRole}`]}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
      {organizations && <NewOrganization done={refresh} isFirst={organizations.length === 0} />}
    </section>
  );
}

function NewOrganization({ done, isFirst }: { done: () => void; isFirst: boolean }) {
  const texts = useOrganizerTexts();
  const language = useLanguage();
  const { run, isBusy, problems } = useAction(CREATE_ORGANIZATION);
  const submit = async (given: FormData, form: HTMLFormElement) => {
    const outcome = await run({ input: { name: textOf(given, 'name'), countryCode: textOf(given, 'countryCode') } });
    if (!outcome.done) return;
    form.reset();
    done();
  };
  return (
    <Form className="paper form" problems={problems} submit={(given, form) => void submit(given, form)}>
      <h2>{texts.newOrganization}</h2>
      {isFirst && <p className="hint">{texts.newOrganizationHint}</p>}
      <div className="pair">
        <TextBox
          name="name"
          label={texts.name}
          problem={problems.name}
          required
          maxLength={100}
          autoComplete="organization"
        />
        <ChoiceBox
          name="countryCode"
          label={texts.country}
          problem={problems.countryCode}
          options={countriesIn(language)}
          defaultValue={new Intl.Locale(navigator.language).region ?? 'US'}
        />
      </div>
      <Wrong texts={restOf(problems, ['name', 'countryCode'])} />
      <button type="submit" className="button primary" disabled={isBusy}>
        {texts.newOrganizationButton}
      </button>
    </Form>
  );
}
