import { Link } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { Button, Input, Label, TextField } from 'react-aria-components';
import { useMutation, useQuery } from 'urql';
import { CREATE_ORGANIZATION, MY_ORGANIZATIONS, ORGANIZATION_EVENTS } from '../operations/organizer.ts';
import { useFormats } from '../parts/formats.ts';
import { ManagedBadge } from '../parts/managed-badge.tsx';
import { Rows } from '../parts/rows.tsx';
import { useSession } from '../parts/shell.tsx';
import { Empty, errorText, Failure, refusalText } from '../parts/states.tsx';
import { fill, useTexts } from '../texts/texts.ts';

/** The organizations of the viewer with their events. */
export function OrganizerPage() {
  const texts = useTexts();
  const session = useSession();
  const [{ data, error }, again] = useQuery({ query: MY_ORGANIZATIONS, pause: !session });
  useEffect(() => {
    document.title = `${texts.organize} · Frontrow`;
  }, [texts]);
  if (!session)
    return (
      <Empty title={texts.organizeSignIn} level={1}>
        <Link to="/sign-in" search={{ to: '/organizer' }} className="button primary">
          {texts.signIn}
        </Link>
      </Empty>
    );
  const organizations = data?.viewer?.organizations;
  if (error && !organizations) return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  return (
    <section className="column">
      <h1>{texts.organize}</h1>
      {!organizations && <div className="skeleton block" aria-busy="true" />}
      {organizations?.map((organization) => (
        <Organization key={organization.id} {...organization} />
      ))}
      {organizations && (
        <NewOrganization done={() => again({ requestPolicy: 'network-only' })} isFirst={organizations.length === 0} />
      )}
    </section>
  );
}

type OrganizationProps = { id: string; name: string; viewerRole: string | null };

function Organization({ id, name, viewerRole }: OrganizationProps) {
  const texts = useTexts();
  const [after, setAfter] = useState<string | null>(null);
  const [{ data, error, fetching }] = useQuery({ query: ORGANIZATION_EVENTS, variables: { id, after } });
  const found = data?.node && 'events' in data.node ? data.node.events : undefined;
  const next = found?.pageInfo.hasNextPage ? found.pageInfo.endCursor : null;
  return (
    <section className="paper">
      <div className="event-head">
        <h2>{name}</h2>
        <span className="badge">{viewerRole}</span>
      </div>
      {error && <p className="notice bad">{errorText(texts, error)}</p>}
      {fetching && !found && <div className="skeleton block" />}
      {found?.nodes.length === 0 && <p className="hint">{texts.organizeNoEvents}</p>}
      <Rows items={found?.nodes ?? []} next={next} onMore={setAfter}>
        {(event) => <EventRow event={event} />}
      </Rows>
    </section>
  );
}

type RowEvent = Parameters<typeof ManagedBadge>[0]['event'] & {
  id: string;
  title: string;
  startsAt: string;
  venue: { name: string; city: string; timeZone: string };
};

function EventRow({ event }: { event: RowEvent }) {
  const formats = useFormats();
  return (
    <Link to="/organizer/events/$eventId" params={{ eventId: event.id }} className="row">
      <span className="row-text">
        <strong>{event.title}</strong>
        <span>
          {formats.longDate(event.startsAt, event.venue.timeZone)} · {event.venue.name}, {event.venue.city}
        </span>
      </span>
      <ManagedBadge event={event} />
    </Link>
  );
}

function NewOrganization({ done, isFirst }: { done: () => void; isFirst: boolean }) {
  const texts = useTexts();
  const [{ fetching }, create] = useMutation(CREATE_ORGANIZATION);
  const [problem, setProblem] = useState('');
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const input = { name: String(given.get('name')), countryCode: String(given.get('country')).toUpperCase() };
    const { data, error } = await create({ input });
    const result = data?.createOrganization;
    if (error) return setProblem(errorText(texts, error));
    if (result && 'code' in result) return setProblem(refusalText(texts, result));
    setProblem('');
    form.reset();
    done();
  };
  return (
    <form className="paper form" onSubmit={(event) => void submit(event)}>
      <h2>{texts.newOrganization}</h2>
      {isFirst && <p className="hint">{texts.newOrganizationHint}</p>}
      <div className="pair">
        <TextField className="field" name="name" isRequired>
          <Label>{texts.name}</Label>
          <Input maxLength={100} autoComplete="organization" />
        </TextField>
        <TextField className="field" name="country" isRequired>
          <Label>{texts.country}</Label>
          <Input maxLength={2} pattern="[A-Za-z]{2}" placeholder={fill('{0}', 'PE')} autoComplete="country" />
        </TextField>
      </div>
      {problem && (
        <p className="notice bad" role="alert">
          {problem}
        </p>
      )}
      <Button type="submit" className="button" isDisabled={fetching}>
        {texts.newOrganizationButton}
      </Button>
    </form>
  );
}
