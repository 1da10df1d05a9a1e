import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { HomePage } from './pages/home.tsx';
import { NotFoundPage } from './pages/not-found.tsx';
import { Shell } from './parts/shell.tsx';
import type { Wish } from './parts/wish.ts';

/** A value of the address, when it is a text. */
const given = <Name extends string>(name: Name, search: Record<string, unknown>): { [K in Name]?: string } =>
  typeof search[name] === 'string' && search[name] !== '' ? ({ [name]: search[name] } as { [K in Name]: string }) : {};

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage });
const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: HomePage,
  validateSearch: (search: Record<string, unknown>): Wish => ({
    ...given('text', search),
    ...given('city', search),
    ...given('category', search),
    ...given('when', search),
  }),
});
const event = createRoute({
  getParentRoute: () => root,
  path: '/events/$eventId',
  component: lazyRouteComponent(() => import('./pages/event.tsx'), 'EventPage'),
});
const bookings = createRoute({
  getParentRoute: () => root,
  path: '/bookings',
  component: lazyRouteComponent(() => import('./pages/bookings.tsx'), 'BookingsPage'),
});
const booking = createRoute({
  getParentRoute: () => root,
  path: '/bookings/$bookingId',
  component: lazyRouteComponent(() => import('./pages/booking.tsx'), 'BookingPage'),
});
/** Where the gateway sends the fan after paying. */
const paid = createRoute({
  getParentRoute: () => root,
  path: '/paid',
  component: lazyRouteComponent(() => import('./pages/paid.tsx'), 'PaidPage'),
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('./pages/sign-in.tsx'), 'SignInPage'),
  validateSearch: (search: Record<string, unknown>): { to?: string } => given('to', search),
});

const organizer = createRoute({
  getParentRoute: () => root,
  path: '/organizer',
  component: lazyRouteComponent(() => import('./pages/organizer.tsx'), 'OrganizerPage'),
});
const managedEvent = createRoute({
  getParentRoute: () => root,
  path: '/organizer/events/$eventId',
  component: lazyRouteComponent(() => import('./pages/managed-event.tsx'), 'ManagedEventPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([home, event, bookings, booking, paid, signIn, organizer, managedEvent]),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
