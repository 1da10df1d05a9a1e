import type { z } from 'zod';

export type Coordinates = { latitude: number; longitude: number };

const NUMBER = String.raw`(\d+(?:\.\d+)?)`;
const DEGREES_MINUTES_SECONDS = new RegExp(String.raw`^(\d+)°\s*(\d+)['′]\s*(?:${NUMBER}["″])?\s*([NSEW])$`, 'u');
const DECIMAL_DEGREES = new RegExp(String.raw`^${NUMBER}°\s*([NSEW])$`, 'u');
const SIGNED = /^([+-]?\d+(?:\.\d+)?)\s*[,\s]\s*([+-]?\d+(?:\.\d+)?)$/;

/**
 * Reads a position in any of these notations, latitude first: `49°16'36"N 123°6'43"W` (seconds may have decimals),
 * `37.403°N 121.970°W`, `37.403, -121.970`. Undefined for anything else, a minute or second of 60 and more, and a
 * position that is not on Earth.
 */
export function parseCoordinates(text: string): Coordinates | undefined {
  const signed = SIGNED.exec(text.trim());
  if (signed) return onEarth(Number(signed[1]), Number(signed[2]));
  const halves = /^(.*[NS])[\s,]+(.*[EW])$/u.exec(text.trim());
  if (!halves) return undefined;
  return onEarth(parseAngle(halves[1] ?? ''), parseAngle(halves[2] ?? ''));
}

function parseAngle(text: string): number | undefined {
  const decimal = DECIMAL_DEGREES.exec(text);
  if (decimal) return Number(decimal[1]) * signOf(decimal[2]);
  const parts = DEGREES_MINUTES_SECONDS.exec(text);
  if (!parts) return undefined;
  const [minutes, seconds] = [Number(parts[2]), Number(parts[3] ?? 0)];
  if (minutes >= 60 || seconds >= 60) return undefined;
  return (Number(parts[1]) + minutes / 60 + seconds / 3600) * signOf(parts[4]);
}

const signOf = (hemisphere: string | undefined): number => (hemisphere === 'S' || hemisphere === 'W' ? -1 : 1);

function onEarth(latitude: number | undefined, longitude: number | undefined): Coordinates | undefined {
  if (latitude === undefined || longitude === undefined) return undefined;
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return undefined;
  return { latitude: sixDecimals(latitude), longitude: sixDecimals(longitude) };
}

/** A tenth of a metre; more digits than that would be noise of the arithmetic. */
const sixDecimals = (degrees: number): number => Math.round(degrees * 1e6) / 1e6;

/** A zod transform for a text field that holds a position. */
export function readCoordinates(text: string, context: z.RefinementCtx<string>): Coordinates {
  const coordinates = parseCoordinates(text);
  if (coordinates) return coordinates;
  context.addIssue({
    code: 'custom',
    message: `cannot read the coordinate "${text}" (known: 49°16'36"N 123°6'43"W; 37.403°N 121.970°W; 37.403, -121.970)`,
  });
  return { latitude: 0, longitude: 0 };
}
