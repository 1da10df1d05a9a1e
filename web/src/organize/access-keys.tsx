import { useState } from 'react';
import { ChoiceBox, Form, someText, TextBox, textOf, Wrong } from '../forms/fields.tsx';
import { restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { CREATE_KEY, REVOKE_KEY } from '../operations/organizations.ts';
import { useFormats } from '../parts/formats.ts';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { fill } from '../texts/texts.ts';
import { Confirm } from './confirm.tsx';
import { Copy } from './copy.tsx';
import { type Role, roleOptions } from './role-names.ts';

type Key = { id: string; name: string; role: Role; lastUsedAt: string | null; expiresAt: string | null };
type Props = { readonly organizationId: string; readonly keys: readonly Key[]; readonly done: () => void };

/** Keys with which servers act for the organization. */
export function AccessKeys({ organizationId, keys, done }: Props) {
  const texts = useOrganizerTexts();
  const [secret, setSecret] = useState('');
  const { run, isBusy, problems } = useAction(CREATE_KEY);
  const submit = async (given: FormData, form: HTMLFormElement) => {
    const end = someText(given, 'expiresAt');
    const expiresAt = end ? new Date(`${end}T23:59:59Z`).toISOString() : null;
    const input = { organizationId, name: textOf(given, 'name'), role: textOf(given, 'role') as Role, expiresAt };
    const outcome = await run({ input });
    if (!outcome.done) return;
    setSecret(outcome.done.secret);
    form.reset();
    done();
  };
  return (
    <section className="paper">
      <h2>{texts.accessKeys}</h2>
      <p className="hint">{texts.accessKeysHint}</p>
      <ul className="lines">
        {keys.map((key) => (
          <KeyLine key={key.id} of={key} done={done} />
        ))}
      </ul>
      {secret && (
        <div className="notice" role="status">
          <p>{texts.secretOnce}</p>
          <Copy label={texts.secret} text={secret} />
        </div>
      )}
      <Form problems={problems} label={texts.newKey} submit={(given, form) => void submit(given, form)}>
        <div className="pair">
          <TextBox name="name" label={texts.keyName} problem={problems.name} required maxLength={100} />
          <ChoiceBox name="role" label={texts.role} defaultValue="BOX_OFFICE" options={roleOptions(texts)} />
          <TextBox
            name="expiresAt"
            type="date"
            label={texts.keyEnds}
            hint={texts.keyEndsHint}
            problem={problems.expiresAt}
          />
        </div>
        <Wrong texts={restOf(problems, ['name', 'expiresAt'])} />
        <button type="submit" className="button" disabled={isBusy}>
          {texts.newKey}
        </button>
      </Form>
    </section>
  );
}

function KeyLine({ of: { id, name, role, lastUsedAt, expiresAt }, done }: { of: Key; done: () => void }) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  const { run, isBusy, problems } = useAction(REVOKE_KEY);
  const revoke = async () => {
    const outcome = await run({ input: { accessKeyId: id } });
    if (outcome.done) done();
  };
  const used = lastUsedAt ? fill(texts.lastUsed, formats.dateTime(lastUsedAt)) : texts.neverUsed;
  return (
    <li className="line">
      <span className="row-text">
        <strong>{name}</strong>
        <span>{[used, ...(expiresAt ? [fill(texts.until, formats.dateTime(expiresAt))] : [])].join(' · ')}</span>
      </span>
      <span className="badge">{texts[`role${role}`]}</span>
      <Confirm label={texts.revoke} ask={texts.sure} name={name} isBusy={isBusy} act={() => void revoke()} />
      <Wrong texts={restOf(problems, [])} />
    </li>
  );
}
