import { Link, Outlet } from '@tanstack/react-router';
import { useSyncExternalStore } from 'react';
import { currentSession, watchSession } from '../api/session.ts';
import { chooseLanguage, LANGUAGES, type Language, useLanguage, useTexts } from '../texts/texts.ts';
import { Icon } from './icons.tsx';

export const useSession = () => useSyncExternalStore(watchSession, currentSession);

const watchNetwork = (listener: () => void) => {
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => {
    removeEventListener('online', listener);
    removeEventListener('offline', listener);
  };
};

/** What is around every page. */
export function Shell() {
  const texts = useTexts();
  const isOnline = useSyncExternalStore(watchNetwork, () => navigator.onLine);
  return (
    <>
      <a className="skip" href="#content">
        {texts.skip}
      </a>
      <Header />
      {!isOnline && (
        <p className="banner" role="status">
          {texts.offline}
        </p>
      )}
      <main id="content" tabIndex={-1}>
        <Outlet />
      </main>
      <footer className="footer">
        <LanguageChoice />
        <Link to="/organizer">{texts.organize}</Link>
      </footer>
    </>
  );
}

function Header() {
  const texts = useTexts();
  const session = useSession();
  return (
    <header className="header">
      <Link to="/" className="brand">
        <img src="/icon.svg" alt="" width="32" height="32" />
        Frontrow
      </Link>
      <nav aria-label="Frontrow">
        <Link to="/" className="nav" activeOptions={{ exact: true, includeSearch: false }}>
          <Icon name="calendar" />
          <span>{texts.events}</span>
        </Link>
        <Link to="/bookings" className="nav">
          <Icon name="ticket" />
          <span>{texts.bookings}</span>
        </Link>
        <Link to="/sign-in" className="nav" title={session?.viewer.email}>
          <Icon name="person" />
          <span>{session ? session.viewer.displayName || session.viewer.email : texts.signIn}</span>
        </Link>
      </nav>
    </header>
  );
}

function LanguageChoice() {
  const language = useLanguage();
  const texts = useTexts();
  return (
    <label className="language">
      {texts.language}
      <select value={language} onChange={(event) => void chooseLanguage(event.target.value as Language)}>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
