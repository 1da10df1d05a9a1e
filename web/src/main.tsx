import './styles/colours.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/search.css';
import './styles/event.css';
import './styles/booking.css';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { Provider } from 'urql';
import { currentClient, watchClient } from './api/client.ts';
import { readCache } from './api/later-cache.ts';
import { router } from './router.tsx';
import { showLanguage, wantedLanguage } from './texts/texts.ts';

function App() {
  const client = useSyncExternalStore(watchClient, currentClient);
  return (
    <Provider value={client}>
      <RouterProvider router={router} />
    </Provider>
  );
}

await showLanguage(wantedLanguage());
const root = document.getElementById('root');
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
// What the next page needs, once the first one is there.
setTimeout(() => void readCache(), 2_000);
// Tickets are shown without a network. A development server changes its files too often for a copy of them.
if (import.meta.env.PROD && 'serviceWorker' in navigator) void navigator.serviceWorker.register('/service-worker.js');
