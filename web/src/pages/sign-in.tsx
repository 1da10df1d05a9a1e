import { useNavigate, useSearch } from '@tanstack/react-router';
import { Button } from 'react-aria-components';
import { signOut } from '../api/sign-in.ts';
import { useSession } from '../parts/shell.tsx';
import { SignInForm } from '../parts/sign-in-form.tsx';
import { fill, useTexts } from '../texts/texts.ts';

export function SignInPage() {
  const texts = useTexts();
  const session = useSession();
  const navigate = useNavigate();
  const { to } = useSearch({ from: '/sign-in' });
  if (session)
    return (
      <section className="narrow">
        <h1>{fill(texts.signedInAs, session.viewer.email)}</h1>
        <Button className="button" onPress={() => void signOut()}>
          {texts.signOut}
        </Button>
      </section>
    );
  return (
    <section className="narrow">
      <h1>{texts.signIn}</h1>
      <SignInForm done={() => void navigate({ href: inside(to) })} />
    </section>
  );
}

/** Only an address of this client: a link of another page must not lead away after a sign-in. */
const inside = (to: string | undefined): string => (to && /^\/[^/\\]/.test(to) ? to : '/bookings');
