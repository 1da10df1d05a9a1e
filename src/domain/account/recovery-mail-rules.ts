export type RecoverableGuest = {
  /** Opens this guest. It exists only in the mail. */
  readonly token: string;
  readonly bookings: number;
  /** The event of the latest booking. */
  readonly latest: string | null;
};
export type Recovery = { readonly guests: readonly RecoverableGuest[]; readonly expiresAt: Date };

const time = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });

/** The text of the mail. Each link opens one guest, because each purchase as a guest made one. */
export function recoveryMail(
  { guests, expiresAt }: Recovery,
  { recoveryUrl }: { recoveryUrl: string },
): { subject: string; text: string } {
  const one = guests.length === 1;
  const links = guests.map((guest) => `${describe(guest)}:\n${recoveryUrl.replaceAll('{token}', guest.token)}`);
  const text = `Hello,

you asked for ${one ? 'a link' : 'links'} to what you booked with this e-mail address without an account.

${links.join('\n\n')}

${one ? 'The link works' : 'Each link works'} once, until ${time.format(expiresAt)} UTC. Do not forward this mail: with ${one ? 'the link' : 'a link'} anyone can open your bookings.

If you did not ask for it, you need not do anything.
`;
  return { subject: 'Your link to your bookings', text };
}

function describe({ bookings, latest }: RecoverableGuest): string {
  if (bookings === 0) return 'Your visit';
  if (bookings === 1) return `Your booking for ${latest ?? 'an event'}`;
  return `Your ${bookings} bookings, the latest for ${latest ?? 'an event'}`;
}
