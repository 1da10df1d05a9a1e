/** The authenticated caller. It comes from the access token only; nobody is signed in = `undefined`. */
export type Viewer = {
  readonly userId: string;
  readonly role: 'FAN' | 'ORGANIZER' | 'ADMIN';
  /** The refresh-token family: ends with sign-out. */
  readonly sessionId: string;
  readonly tokenExpiresAt: Date;
};
