import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { readCache } from './api/later-cache.ts';
import { HomePage } from './pages/home.tsx';
import { NotFoundPage } from './pages/not-found.tsx';
import { Shell } from './parts/shell.tsx';
import type { Wish } from './parts/wish.ts';

/** A value of the address, when it is a text. */
const given = <Name extends string>(name: Name, search: Record<string, unknown>): { [K in Name]?: string } =>
  typeof search[name] === 'string' && search[name] !== '' ? ({ [name]: search[name] } as { [K in Name]: string }) : {};

/** A page that waits for the cache: without it, what is pushed would not change what is shown. */
const withCache =
  <Page,>(read: () => Promise<Page>) =>
  async (): Promise<Page> => {
    const [page] = await Promise.all([read(), readCache()]);
    return page;
  };

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
  component: lazyRouteComponent(
    withCache(() => import('./pages/event.tsx')),
    'EventPage',
  ),
});
const bookings = createRoute({
  getParentRoute: () => root,
  path: '/bookings',
  component: lazyRouteComponent(
    withCache(() => import('./pages/bookings.tsx')),
    'BookingsPage',
  ),
});
const booking = createRoute({
  getParentRoute: () => root,
  path: '/bookings/$bookingId',
  component: lazyRouteComponent(
    withCache(() => import('./pages/booking.tsx')),
    'BookingPage',
  ),
});
/** Where the gateway sends the fan after paying. */
const paid = createRoute({
  getParentRoute: () => root,
  path: '/paid',
  component: lazyRouteComponent(
    withCache(() => import('./pages/paid.tsx')),
    'PaidPage',
  ),
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: lazyRouteComponent(
    withCache(() => import('./pages/sign-in.tsx')),
    'SignInPage',
  ),
  validateSearch: (search: Record<string, unknown>): { to?: string } => given('to', search),
});

// Pages of organizers. Each is read when it is opened.
const organizer = createRoute({
  getParentRoute: () => root,
  path: '/organizer',
  component: lazyRouteComponent(
    withCache(() => import('./pages/organizer.tsx')),
    'OrganizerPage',
  ),
});
const organization = createRoute({
  getParentRoute: () => root,
  path: '/organizer/organizations/$organizationId',
  component: lazyRouteComponent(
    withCache(() => import('./pages/organization.tsx')),
    'OrganizationPage',
  ),
});
const people = createRoute({
  getParentRoute: () => root,
  path: '/organizer/organizations/$organizationId/people',
  component: lazyRouteComponent(
    withCache(() => import('./pages/people.tsx')),
    'PeoplePage',
  ),
});
const newVenue = createRoute({
  getParentRoute: () => root,
  path: '/organizer/organizations/$organizationId/new-venue',
  component: lazyRouteComponent(
    withCache(() => import('./pages/new-venue.tsx')),
    'NewVenuePage',
  ),
});
const newEvent = createRoute({
  getParentRoute: () => root,
  path: '/organizer/organizations/$organizationId/new-event',
  component: lazyRouteComponent(
    withCache(() => import('./pages/new-event.tsx')),
    'NewEventPage',
  ),
});
const venue = createRoute({
  getParentRoute: () => root,
  path: '/organizer/organizations/$organizationId/venues/$venueId',
  component: lazyRouteComponent(
    withCache(() => import('./pages/venue.tsx')),
    'VenuePage',
  ),
});
const plan = createRoute({
  getParentRoute: () => root,
  path: '/organizer/organizations/$organizationId/plans/$planId',
  component: lazyRouteComponent(
    withCache(() => import('./pages/plan.tsx')),
    'PlanPage',
  ),
});
const managedEvent = createRoute({
  getParentRoute: () => root,
  path: '/organizer/events/$eventId',
  component: lazyRouteComponent(
    withCache(() => import('./pages/managed-event.tsx')),
    'ManagedEventPage',
  ),
});
const editEvent = createRoute({
  getParentRoute: () => root,
  path: '/organizer/events/$eventId/edit',
  component: lazyRouteComponent(
    withCache(() => import('./pages/edit-event.tsx')),
    'EditEventPage',
  ),
});
const prices = createRoute({
  getParentRoute: () => root,
  path: '/organizer/events/$eventId/prices',
  component: lazyRouteComponent(
    withCache(() => import('./pages/prices.tsx')),
    'PricesPage',
  ),
});
const allocations = createRoute({
  getParentRoute: () => root,
  path: '/organizer/events/$eventId/allocations',
  component: lazyRouteComponent(
    withCache(() => import('./pages/allocations.tsx')),
    'AllocationsPage',
  ),
});
const boxOffice = createRoute({
  getParentRoute: () => root,
  path: '/organizer/events/$eventId/box-office',
  component: lazyRouteComponent(
    withCache(() => import('./pages/box-office.tsx')),
    'BoxOfficePage',
  ),
});
const cancelEvent = createRoute({
  getParentRoute: () => root,
  path: '/organizer/events/$eventId/cancel',
  component: lazyRouteComponent(
    withCache(() => import('./pages/cancel-event.tsx')),
    'CancelEventPage',
  ),
});
const eventBookings = createRoute({
  getParentRoute: () => root,
  path: '/organizer/events/$eventId/bookings',
  component: lazyRouteComponent(
    withCache(() => import('./pages/event-bookings.tsx')),
    'EventBookingsPage',
  ),
});
const statements = createRoute({
  getParentRoute: () => root,
  path: '/organizer/organizations/$organizationId/statements',
  component: lazyRouteComponent(
    withCache(() => import('./pages/statements.tsx')),
    'StatementsPage',
  ),
});
const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  component: lazyRouteComponent(
    withCache(() => import('./pages/invitation.tsx')),
    'InvitationPage',
  ),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    event,
    bookings,
    booking,
    paid,
    signIn,
    organizer,
    organization,
    people,
    newVenue,
    newEvent,
    venue,
    plan,
    managedEvent,
    editEvent,
    prices,
    allocations,
    boxOffice,
    cancelEvent,
    eventBookings,
    statements,
    invitation,
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
