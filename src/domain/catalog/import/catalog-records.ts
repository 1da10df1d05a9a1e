import type { SeatingPlanDraft } from '../layout.ts';

/** What the importer writes, for any file format. Keys identify a record across imports; ids are derived from them. */
export type VenueRecord = {
  key: string;
  name: string;
  address: string | null;
  city: string;
  countryCode: string;
  latitude: number;
  longitude: number;
  timeZone: string;
  capacity: number;
  /** Another text means another plan: the venue then gets a new version. */
  planKey: string;
  /** Makes the plan. Called only when it is not stored yet. */
  draftPlan: () => SeatingPlanDraft;
};

export type PriceRecord = { tier: string; priceMinor: number; feeMinor: number };

export type WaitingRoomRecord = { capacity: number; sessionMinutes: number; graceSeconds: number };

export type EventRecord = {
  key: string;
  /** The event's key among the events of its venue. Absent for events whose key does not have their venue's name. */
  keyAtVenue?: string;
  venueKey: string;
  title: string;
  description: string;
  category: 'SPORT' | 'FESTIVAL' | 'CONCERT' | 'THEATRE' | 'COMEDY' | 'FAMILY' | 'CONFERENCE' | 'OTHER';
  performers: string[];
  /**
   * In the file's own calendar, `2026-06-11T13:00`, by the clocks of the venue. The importer moves it by whole weeks.
   */
  startsLocal: string;
  timeZone: string;
  currency: string;
  popularity: number;
  /** Tiers that the venue's plan does not have are left out. */
  prices: PriceRecord[];
  /** Made once, with the event; not part of the event's content in the file. */
  waitingRoom?: WaitingRoomRecord;
};

export type OrganizerRecord = { key: string; email: string; displayName: string };

/** All venues of one file: imported together or not at all. */
export type VenueFile = {
  file: string;
  venues: VenueRecord[];
  /** What the owner of the file should look at, each with its path in the file. */
  warnings?: readonly { path: string; message: string }[];
};
/** All events of one file, at venues of `venues`. */
export type EventFile = {
  file: string;
  /** What the file is about: an event of the same source that the file no longer has has left it. */
  source: string;
  organizer: OrganizerRecord;
  events: EventRecord[];
};
