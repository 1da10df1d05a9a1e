import '../styles/forms.css';
import '../styles/organize.css';
import { Link, useLocation } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import { useSession } from '../parts/shell.tsx';
import { Empty } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';

/** A page of organizers: its title, and the way to sign in for those who are not. */
export function SignedIn({ title, children }: { title: string | undefined; children: () => ReactNode }) {
  const texts = useOrganizerTexts();
  const session = useSession();
  const { href } = useLocation();
  useEffect(() => {
    document.title = `${title ?? texts.organize} · Frontrow`;
  }, [title, texts]);
  if (session) return children();
  return (
    <Empty title={texts.organizeSignIn} level={1}>
      <Link to="/sign-in" search={{ to: href }} className="button primary">
        {texts.signIn}
      </Link>
    </Empty>
  );
}

/** The way back to what a page belongs to, above its heading. */
export function PageHead({ title, children, end }: { title: string; children?: ReactNode; end?: ReactNode }) {
  return (
    <header className="event-head">
      <div>
        {children && <p className="hint trail">{children}</p>}
        <h1>{title}</h1>
      </div>
      {end}
    </header>
  );
}

export const Waiting = () => <div className="skeleton block" aria-busy="true" />;
