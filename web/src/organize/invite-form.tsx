import { useState } from 'react';
import { ChoiceBox, Form, TextBox, textOf, Wrong } from '../forms/fields.tsx';
import { restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { INVITE } from '../operations/organizations.ts';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { fill } from '../texts/texts.ts';
import { Copy } from './copy.tsx';
import { type Role, roleOptions } from './role-names.ts';

type Made = { readonly email: string; readonly link: string };

/** Invites a person by a link, which the API shows only once. */
export function InviteForm({ organizationId, done }: { organizationId: string; done: () => void }) {
  const texts = useOrganizerTexts();
  const { run, isBusy, problems } = useAction(INVITE);
  const [made, setMade] = useState<Made>();
  const submit = async (given: FormData, form: HTMLFormElement) => {
    const email = textOf(given, 'email');
    const outcome = await run({ input: { organizationId, email, role: textOf(given, 'role') as Role } });
    if (!outcome.done) return;
    // Behind the #, so that no server and no log of it has the token.
    setMade({ email, link: `${location.origin}/invitation#${outcome.done.token}` });
    form.reset();
    done();
  };
  return (
    <>
      <Form problems={problems} submit={(given, form) => void submit(given, form)}>
        <h2>{texts.invite}</h2>
        <div className="pair">
          <TextBox name="email" type="email" label={texts.email} problem={problems.email} required />
          <ChoiceBox name="role" label={texts.role} defaultValue="MANAGER" options={roleOptions(texts)} />
        </div>
        <Wrong texts={restOf(problems, ['email'])} />
        <button type="submit" className="button" disabled={isBusy}>
          {texts.makeInvitation}
        </button>
      </Form>
      {made && (
        <div className="notice" role="status">
          <p>{fill(texts.invitationMade, made.email)}</p>
          <Copy label={texts.invitationLink} text={made.link} />
        </div>
      )}
    </>
  );
}
