import { type FormEvent, useState } from 'react';
import { Button, Input, Label, Tab, TabList, TabPanel, Tabs, Text, TextField } from 'react-aria-components';
import { signIn, signInAsGuest, signUp } from '../api/sign-in.ts';
import type { Texts } from '../texts/en.ts';
import { useTexts } from '../texts/texts.ts';
import { refusalText } from './states.tsx';

type Kind = 'guest' | 'account' | 'new';

/** As a guest with an address alone, or with an account. */
export function SignInForm({ done }: { done: () => void }) {
  const texts = useTexts();
  return (
    <Tabs className="tabs">
      <TabList aria-label={texts.signIn}>
        <Tab id="guest">{texts.asGuest}</Tab>
        <Tab id="account">{texts.withAccount}</Tab>
        <Tab id="new">{texts.newAccount}</Tab>
      </TabList>
      {(['guest', 'account', 'new'] as const).map((kind) => (
        <TabPanel key={kind} id={kind}>
          <Form kind={kind} done={done} texts={texts} />
        </TabPanel>
      ))}
    </Tabs>
  );
}

function Form({ kind, done, texts }: { kind: Kind; done: () => void; texts: Texts }) {
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const text = (name: string) => String(given.get(name) ?? '');
    setBusy(true);
    setProblem('');
    const account = { email: text('email'), password: text('password') };
    const ways = {
      guest: () => signInAsGuest(account.email),
      account: () => signIn(account),
      new: () => signUp({ ...account, displayName: text('name') }),
    };
    const refusal = await ways[kind]();
    setBusy(false);
    if (!refusal) return done();
    setProblem(refusal.code === 'NETWORK' ? texts.failedNetwork : refusalText(texts, refusal));
  };
  const buttons = { guest: texts.continue, account: texts.signIn, new: texts.createAccount };
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      {kind === 'guest' && <p className="hint">{texts.guestHint}</p>}
      {kind === 'new' && <Field name="name" label={texts.name} autoComplete="name" />}
      <Field name="email" label={texts.email} type="email" autoComplete="email" />
      {kind !== 'guest' && (
        <Field
          name="password"
          label={texts.password}
          type="password"
          autoComplete={kind === 'new' ? 'new-password' : 'current-password'}
          hint={kind === 'new' ? texts.passwordHint : undefined}
        />
      )}
      {problem && (
        <p className="notice bad" role="alert">
          {problem}
        </p>
      )}
      <Button type="submit" className="button primary wide" isDisabled={isBusy}>
        {buttons[kind]}
      </Button>
    </form>
  );
}

type FieldProps = { name: string; label: string; type?: string; autoComplete: string; hint?: string | undefined };

function Field({ name, label, type = 'text', autoComplete, hint }: FieldProps) {
  return (
    <TextField className="field" name={name} type={type} isRequired>
      <Label>{label}</Label>
      <Input autoComplete={autoComplete} />
      {hint && (
        <Text slot="description" className="hint">
          {hint}
        </Text>
      )}
    </TextField>
  );
}
