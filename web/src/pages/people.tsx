import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useQuery } from 'urql';
import type { ResultOf } from '../api/graphql.ts';
import { ChoiceBox, Wrong } from '../forms/fields.tsx';
import { restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { CHANGE_MEMBER, PEOPLE, REMOVE_MEMBER } from '../operations/organizations.ts';
import { AccessKeys } from '../organize/access-keys.tsx';
import { Confirm } from '../organize/confirm.tsx';
import { InviteForm } from '../organize/invite-form.tsx';
import { type Role, roleOptions } from '../organize/role-names.ts';
import { PageHead, SignedIn, Waiting } from '../organize/signed-in.tsx';
import { useFormats } from '../parts/formats.ts';
import { Failure } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { fill } from '../texts/texts.ts';
import { NotFoundPage } from './not-found.tsx';

type Found = Extract<NonNullable<ResultOf<typeof PEOPLE>['node']>, { members: unknown }>;
type Member = Found['members']['nodes'][number];

/** Who may do what in an organization, and which servers act for it. */
export function PeoplePage() {
  const { organizationId: id } = useParams({ from: '/organizer/organizations/$organizationId/people' });
  const texts = useOrganizerTexts();
  return <SignedIn title={texts.people}>{() => <People id={id} />}</SignedIn>;
}

function People({ id }: { id: string }) {
  const texts = useOrganizerTexts();
  const [after, setAfter] = useState<string | null>(null);
  const variables = { id, after };
  const [{ data, error }, again] = useQuery({ query: PEOPLE, variables, requestPolicy: 'cache-and-network' });
  const refresh = () => again({ requestPolicy: 'network-only' });
  const found = data?.node && 'members' in data.node ? data.node : undefined;
  if (!found && error) return <Failure error={error} retry={refresh} />;
  if (!found) return data ? <NotFoundPage /> : <Waiting />;
  const { name, members, invitations, accessKeys } = found;
  return (
    <section className="column">
      <PageHead title={texts.people}>
        <Link to="/organizer/organizations/$organizationId" params={{ organizationId: id }}>
          {name}
        </Link>
      </PageHead>
      <section className="paper">
        <h2>{texts.members}</h2>
        <ul className="lines">
          {members.nodes.map((member) => (
            <MemberLine key={member.userId} organizationId={id} member={member} done={refresh} />
          ))}
        </ul>
        {members.pageInfo.hasNextPage && (
          <button type="button" className="button" onClick={() => setAfter(members.pageInfo.endCursor)}>
            {texts.more}
          </button>
        )}
      </section>
      <section className="paper">
        <InviteForm organizationId={id} done={refresh} />
        <Invitations invitations={invitations} />
      </section>
      <AccessKeys organizationId={id} keys={accessKeys} done={refresh} />
    </section>
  );
}

type LineProps = { readonly organizationId: string; readonly member: Member; readonly done: () => void };

function MemberLine({ organizationId, member, done }: LineProps) {
  const texts = useOrganizerTexts();
  const { userId, displayName, email, role } = member;
  const change = useAction(CHANGE_MEMBER);
  const remove = useAction(REMOVE_MEMBER);
  const give = async (wanted: Role) => {
    await change.run({ input: { organizationId, userId, role: wanted } });
    done();
  };
  const end = async () => {
    const outcome = await remove.run({ input: { organizationId, userId } });
    if (outcome.done) done();
  };
  return (
    <li className="line">
      <span className="row-text">
        <strong>{displayName || email}</strong>
        <span>{email}</span>
      </span>
      <ChoiceBox
        name="role"
        label={texts.role}
        value={role}
        disabled={change.isBusy}
        options={roleOptions(texts)}
        onChange={(wanted) => void give(wanted as Role)}
      />
      <Confirm label={texts.removeMember} ask={texts.sure} name={email} isBusy={remove.isBusy} act={() => void end()} />
      <Wrong texts={[...restOf(change.problems, []), ...restOf(remove.problems, [])]} />
    </li>
  );
}

function Invitations({ invitations }: { invitations: Found['invitations'] }) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  if (invitations.length === 0) return null;
  return (
    <>
      <h3>{texts.openInvitations}</h3>
      <ul className="lines">
        {invitations.map(({ id, email, role, expiresAt }) => (
          <li key={id} className="line">
            <span className="row-text">
              <strong>{email}</strong>
              <span>{fill(texts.until, formats.dateTime(expiresAt))}</span>
            </span>
            <span className="badge">{texts[`role${role}`]}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
