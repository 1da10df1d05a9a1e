// Runs in the page of GraphiQL, before GraphiQL itself: what one tab was answered is at hand in the next ones.
// Variables may name what is in `placeholders`; the token, the place in a waiting room and the
// admission of the last answers go with each request that does not bring its own.

{
  const STORE = 'frontrow:session';
  const bare = window.fetch.bind(window);

  const session = () => JSON.parse(localStorage.getItem(STORE) ?? '{}');

  const keep = (found) => {
    localStorage.setItem(STORE, JSON.stringify({ ...session(), ...found }));
    show();
  };

  /** What stands for each placeholder, and which tab gives it. */
  const placeholders = {
    LAST_EVENT: { of: ({ event }) => event?.id, from: 'FindEvents, which finds an event' },
    LAST_SEATS: { of: ({ seats }) => seats, from: 'ShowSeatMap, which shows free seats' },
    LAST_BOOKING: { of: ({ booking }) => booking, from: 'HoldSeats, which makes a booking' },
    LAST_ORGANIZATION: { of: ({ organization }) => organization, from: 'CreateOrganization' },
    LAST_VENUE: { of: ({ venue }) => venue, from: 'CreateVenue' },
    LAST_UPLOAD: { of: ({ upload }) => upload, from: 'CreateUpload' },
    LAST_PLAN: { of: ({ plan }) => plan, from: 'ImportSeatingPlan' },
    LAST_SECTIONS: { of: ({ sections }) => sections, from: 'ImportSeatingPlan' },
    LAST_SECTION: { of: ({ sections }) => sections?.[0], from: 'ImportSeatingPlan' },
    NEW_KEY: { of: () => crypto.randomUUID(), from: '' },
    NEW_EMAIL: { of: () => `organizer-${crypto.randomUUID().slice(0, 8)}@example.org`, from: '' },
    NOW: { of: () => new Date().toISOString(), from: '' },
    IN_30_DAYS: {
      of: () => `${new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)}T20:00:00Z`,
      from: '',
    },
  };

  /** The variables with their placeholders filled in. Throws an Error that says what to do first. */
  const fill = (value) => {
    if (Array.isArray(value)) return value.flatMap(fill);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fill(inner)]));
    const placeholder = Object.hasOwn(placeholders, value) ? placeholders[value] : undefined;
    if (!placeholder) return value;
    const known = placeholder.of(session());
    if (known === undefined)
      throw new Error(`${value} is not known yet. Run the tab ${placeholder.from}, then come back here.`);
    return known;
  };

  const signedOut = { token: undefined, until: undefined, email: undefined, admission: undefined };

  /** What the next tabs want of each field of an answer. */
  const lessons = {
    searchEvents: ({ edges, nodes }) => lessons.event(edges?.[0]?.node ?? nodes?.[0] ?? {}),
    event: ({ id, title }) => id && id !== session().event?.id && { event: { id, title }, seats: undefined },
    seatMap({ seats }) {
      const free = seats?.nodes?.filter(({ status }) => status === 'AVAILABLE') ?? [];
      return free.length > 0 && { seats: free.slice(0, 2).map(({ seat }) => seat.id) };
    },
    createOrganization: ({ organization }) => organization && { organization: organization.id },
    createVenue: ({ venue }) => venue && { venue: venue.id },
    createUpload: ({ upload }) => upload && { upload: upload.id },
    importSeatingPlan: ({ seatingPlan }) =>
      seatingPlan && { plan: seatingPlan.id, sections: seatingPlan.sections?.map(({ id }) => id) },
    createEvent: ({ event }) => event && lessons.event(event),
    createBooking: ({ booking }) => booking && { booking: booking.id },
    waitingRoomPlace: ({ ticket, admission }) => ({
      ...(ticket && { place: ticket }),
      ...(admission && { admission: admission.token }),
    }),
    waitingRoomChanged: (place) => lessons.waitingRoomPlace(place),
    joinWaitingRoom: ({ place }) => place && lessons.waitingRoomPlace(place),
    signOut: () => signedOut,
  };

  const signedIn = ({ session: opened }) =>
    opened?.accessToken && {
      token: opened.accessToken,
      until: opened.accessTokenExpiresAt,
      email: opened.viewer?.email,
      // Another viewer has another place.
      place: undefined,
      admission: undefined,
    };

  const note = ({ data, errors }) => {
    for (const [name, field] of Object.entries(data ?? {}))
      if (field) keep({ ...signedIn(field), ...(Object.hasOwn(lessons, name) && lessons[name](field)) });
    // The next request would be refused for the same token.
    if (errors?.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED')) keep(signedOut);
  };

  /** What opens a session needs no token, and one that has ended would refuse it. */
  const needsNone = /__schema|\b(signIn|signInAsGuest|signUp|refreshSession)\b/;

  /** A token that was pasted into the headers of one tab is kept for all of them. */
  const addToken = (headers) => {
    const pasted = headers.get('authorization')?.replace(/^Bearer\s*/i, '');
    if (pasted && pasted !== session().token) keep({ token: pasted, until: undefined, email: undefined });
    const { token, until } = session();
    const isLive = token && !(Date.parse(until) <= Date.now());
    if (isLive) headers.set('authorization', `Bearer ${token}`);
    else headers.delete('authorization');
  };

  const addAdmission = (headers) => {
    const { place, admission } = session();
    if (place && !headers.has('frontrow-place')) headers.set('frontrow-place', place);
    if (admission && !headers.has('frontrow-admission')) headers.set('frontrow-admission', admission);
  };

  /** As the server would refuse it. */
  const refusal = (message) =>
    new Response(JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] }), {
      headers: { 'content-type': 'application/json' },
    });

  /** Passes the events of a stream on, and looks into each result. */
  const overheard = () => {
    const decoder = new TextDecoder();
    let text = '';
    return new TransformStream({
      transform(chunk, controller) {
        controller.enqueue(chunk);
        const lines = (text + decoder.decode(chunk, { stream: true })).split('\n');
        text = lines.pop();
        for (const line of lines) if (line.startsWith('data: {')) note(JSON.parse(line.slice('data: '.length)));
      },
    });
  };

  window.fetch = async (input, init = {}) => {
    if (init.method !== 'POST' || typeof init.body !== 'string') return bare(input, init);
    const body = JSON.parse(init.body);
    const headers = new Headers(init.headers);
    try {
      body.variables = fill(body.variables);
    } catch (error) {
      return refusal(error.message);
    }
    if (!needsNone.test(body.query)) {
      addToken(headers);
      addAdmission(headers);
    }
    const response = await bare(input, { ...init, headers, body: JSON.stringify(body) });
    const type = response.headers.get('content-type') ?? '';
    if (type.startsWith('text/event-stream'))
      return new Response(response.body.pipeThrough(overheard()), {
        status: response.status,
        headers: response.headers,
      });
    note(await response.clone().json());
    return response;
  };

  /** One line that says what will be filled in. */
  const show = () => {
    const { token, email, until, event, seats, booking } = session();
    const who = email ? ` as ${email}` : '';
    const end = until ? ` until ${new Date(until).toLocaleTimeString()}` : '';
    const parts = [
      token ? `signed in${who}${end}` : 'not signed in',
      event && `LAST_EVENT: ${event.title ?? event.id}`,
      seats && `LAST_SEATS: ${seats.length} free seats`,
      booking && `LAST_BOOKING: ...${booking.slice(-12)}`,
    ];
    const line = document.getElementById('frontrow-session');
    if (line) line.textContent = parts.filter(Boolean).join(' · ');
  };

  addEventListener('DOMContentLoaded', () => {
    const line = document.createElement('output');
    line.id = 'frontrow-session';
    document.body.append(line);
    show();
  });
  // Another window of the same browser may sign in, too.
  addEventListener('storage', show);
}
