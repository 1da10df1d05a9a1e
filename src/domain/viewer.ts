/** The authenticated caller, from the access token only. `undefined`: no viewer is signed in. */
export type Viewer = {
  readonly userId: string;
  readonly role: 'FAN' | 'ORGANIZER' | 'ADMIN';
  /** The refresh-token family; it ends with sign-out. */
  readonly sessionId: string;
  readonly tokenExpiresAt: Date;
};
