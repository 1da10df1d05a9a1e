const COUNTRIES =
  'AD AE AF AG AI AL AM AO AR AT AU AW AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CL CM CN CO CR CU CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK ML MM MN MO MQ MR MS MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NZ OM PA PE PF PG PH PK PL PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SI SK SL SM SN SO SR SS ST SV SY SZ TC TD TG TH TJ TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WS YE YT ZA ZM ZW';

type Option = readonly [value: string, text: string];

const byText = (language: string) => (a: Option, b: Option) => a[1].localeCompare(b[1], language);

/** Each country with its name in the language. */
export function countriesIn(language: string): Option[] {
  const names = new Intl.DisplayNames(language, { type: 'region' });
  return COUNTRIES.split(' ')
    .map((code): Option => [code, names.of(code) ?? code])
    .toSorted(byText(language));
}

/** Each currency with its code and its name in the language. */
export function currenciesIn(language: string): Option[] {
  const names = new Intl.DisplayNames(language, { type: 'currency' });
  return Intl.supportedValuesOf('currency').map((code): Option => [code, `${code} · ${names.of(code) ?? code}`]);
}

export const timeZones = (): Option[] => Intl.supportedValuesOf('timeZone').map((zone) => [zone, zone]);
