import { Link, useLocation } from '@tanstack/react-router';
import { useState } from 'react';
import { Wrong } from '../forms/fields.tsx';
import { restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { ACCEPT } from '../operations/organizations.ts';
import { SignedIn } from '../organize/signed-in.tsx';
import { useSession } from '../parts/shell.tsx';
import { Empty } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { fill } from '../texts/texts.ts';

/** Where the link of an invitation leads. */
export function InvitationPage() {
  const texts = useOrganizerTexts();
  return <SignedIn title={texts.invitation}>{() => <Invitation />}</SignedIn>;
}

function Invitation() {
  const texts = useOrganizerTexts();
  const token = useLocation().hash;
  const email = useSession()?.viewer.email ?? '';
  const { run, isBusy, problems } = useAction(ACCEPT);
  const [organization, setOrganization] = useState<{ id: string; name: string }>();
  const accept = async () => {
    const outcome = await run({ input: { token } });
    if (outcome.done) setOrganization(outcome.done.organization);
  };
  if (organization)
    return (
      <Empty title={fill(texts.youAreIn, organization.name)} level={1}>
        <Link
          to="/organizer/organizations/$organizationId"
          params={{ organizationId: organization.id }}
          className="button primary"
        >
          {organization.name}
        </Link>
      </Empty>
    );
  return (
    <Empty title={texts.invitation} level={1}>
      {/* Isolated, so that an address keeps its order in a text from right to left. */}
      <p>{fill(texts.invitationFor, `\u2068${email}\u2069`)}</p>
      <Wrong texts={Object.keys(problems).length > 0 ? [...restOf(problems, []), texts.invitationOther] : []} />
      <button type="button" className="button primary" disabled={isBusy || !token} onClick={() => void accept()}>
        {texts.accept}
      </button>
    </Empty>
  );
}
