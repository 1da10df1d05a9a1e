/** The authenticated caller, from the access token only. `undefined`: no viewer is signed in. */
export type Viewer = {
  readonly userId: string;
  readonly role: 'FAN' | 'ORGANIZER' | 'ADMIN';
  /** The refresh-token family; it ends with sign-out. */
  readonly sessionId: string;
  readonly tokenExpiresAt: Date;
};

/** A server that acts for an organization with an access key. It is not a viewer and cannot act as a fan. */
export type AccessKeyCaller = {
  readonly accessKeyId: string;
  readonly organizationId: string;
  /** Undefined for a key that does not expire. */
  readonly expiresAt: Date | undefined;
};

/** The caller of an organizer's operation: a signed-in person, or a server with an access key. */
export type Actor = Pick<Viewer, 'userId'> | Pick<AccessKeyCaller, 'accessKeyId'>;
