let addresses = 0;

/** An address that no other request of this file has used. */
export const someAddress = (): string => `10.0.${addresses >> 8}.${addresses++ & 255}`;
