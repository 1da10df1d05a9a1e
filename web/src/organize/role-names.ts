import type { OrganizerTexts } from '../texts/organizer/en.ts';

export const ROLES = ['OWNER', 'MANAGER', 'BOX_OFFICE', 'DOOR', 'FINANCE', 'READER'] as const;
export type Role = (typeof ROLES)[number];

/** Each role with its name. */
export const roleOptions = (texts: OrganizerTexts): (readonly [Role, string])[] =>
  ROLES.map((role) => [role, texts[`role${role}`]] as const);
