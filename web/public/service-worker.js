// Keeps the files of the client, so that a fan sees the tickets on this device at a door without a network. The build
// writes the version and the list of files.
const version = '__VERSION__';
const files = '__FILES__';
const name = `frontrow-${version}`;

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(name)
      .then((cache) => cache.addAll(files))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  const clean = async () => {
    for (const key of await caches.keys()) if (key !== name) await caches.delete(key);
    await self.clients.claim();
  };
  event.waitUntil(clean());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  // A page comes from the network, so that a new version is seen at once; without a network it is the kept one.
  if (request.mode === 'navigate' && url.pathname !== '/graphql')
    event.respondWith(fetch(request).catch(() => caches.match('/')));
  else if (url.pathname.startsWith('/assets/') || url.pathname === '/icon.svg')
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
});
