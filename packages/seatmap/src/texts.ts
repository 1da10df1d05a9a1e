/** Every text of the element in five languages. A language that is missing is shown in English. */
export type Texts = {
  readonly map: string;
  readonly mapHelp: string;
  readonly zoomIn: string;
  readonly zoomOut: string;
  readonly whole: string;
  readonly list: string;
  readonly showMap: string;
  readonly back: string;
  readonly section: string;
  readonly row: string;
  readonly seat: string;
  readonly place: string;
  readonly free: string;
  readonly from: string;
  readonly soldOut: string;
  readonly AVAILABLE: string;
  readonly HELD: string;
  readonly BOOKED: string;
  readonly BLOCKED: string;
  readonly selected: string;
  readonly yours: string;
  readonly chosen: string;
  readonly removed: string;
  readonly taken: string;
  readonly full: string;
  readonly single: string;
  readonly wheelchair: string;
  readonly companion: string;
  readonly restricted: string;
  readonly stepFree: string;
  readonly loading: string;
  readonly stale: string;
  readonly waiting: string;
  readonly failed: string;
  readonly general: string;
};

const en: Texts = {
  map: 'Seat map',
  mapHelp: 'Arrow keys move the map, plus and minus zoom, 0 shows all of it. Every seat is in the list as well.',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  whole: 'Show the whole map',
  list: 'List of seats',
  showMap: 'Show the map',
  back: 'Back',
  section: 'Section {0}',
  row: 'Row {0}',
  seat: 'Seat {0}',
  place: 'Place {0}',
  free: '{0} free',
  from: 'from {0}',
  soldOut: 'sold out',
  AVAILABLE: 'available',
  HELD: 'held by another fan',
  BOOKED: 'sold',
  BLOCKED: 'not for sale',
  selected: 'chosen',
  yours: 'held for you',
  chosen: '{0} chosen. {1} in all.',
  removed: '{0} removed. {1} in all.',
  taken: '{0} was just taken by another fan.',
  full: 'You can choose up to {0} seats.',
  single: 'This leaves a single seat free. Please choose the seat beside it, or move by one.',
  wheelchair: 'wheelchair place',
  companion: 'companion seat',
  restricted: 'restricted view',
  stepFree: 'step-free',
  loading: 'The seat map is loading …',
  stale: 'The map may be some seconds old.',
  waiting: 'The connection is lost. Connecting again …',
  failed: 'The seat map cannot be shown.',
  general: 'Places without seats: say how many you want.',
};

const es: Texts = {
  map: 'Mapa de asientos',
  mapHelp: 'Las flechas mueven el mapa, más y menos lo acercan o alejan, 0 lo muestra entero. Todos los asientos están también en la lista.',
  zoomIn: 'Acercar',
  zoomOut: 'Alejar',
  whole: 'Ver el mapa entero',
  list: 'Lista de asientos',
  showMap: 'Ver el mapa',
  back: 'Atrás',
  section: 'Sector {0}',
  row: 'Fila {0}',
  seat: 'Asiento {0}',
  place: 'Plaza {0}',
  free: '{0} libres',
  from: 'desde {0}',
  soldOut: 'agotado',
  AVAILABLE: 'libre',
  HELD: 'reservado por otra persona',
  BOOKED: 'vendido',
  BLOCKED: 'no está a la venta',
  selected: 'elegido',
  yours: 'reservado para ti',
  chosen: '{0} elegido. {1} en total.',
  removed: '{0} quitado. {1} en total.',
  taken: 'Otra persona acaba de tomar {0}.',
  full: 'Puedes elegir hasta {0} asientos.',
  single: 'Así queda un asiento suelto. Elige el de al lado o muévete uno.',
  wheelchair: 'plaza para silla de ruedas',
  companion: 'asiento de acompañante',
  restricted: 'visibilidad reducida',
  stepFree: 'sin escalones',
  loading: 'Cargando el mapa …',
  stale: 'El mapa puede tener unos segundos de retraso.',
  waiting: 'Se perdió la conexión. Conectando de nuevo …',
  failed: 'No se puede mostrar el mapa.',
  general: 'Plazas sin asiento: indica cuántas quieres.',
};

const de: Texts = {
  map: 'Saalplan',
  mapHelp: 'Pfeiltasten verschieben den Plan, Plus und Minus ändern die Größe, 0 zeigt ihn ganz. Alle Plätze stehen auch in der Liste.',
  zoomIn: 'Größer',
  zoomOut: 'Kleiner',
  whole: 'Ganzen Plan zeigen',
  list: 'Liste der Plätze',
  showMap: 'Plan zeigen',
  back: 'Zurück',
  section: 'Block {0}',
  row: 'Reihe {0}',
  seat: 'Platz {0}',
  place: 'Stehplatz {0}',
  free: '{0} frei',
  from: 'ab {0}',
  soldOut: 'ausverkauft',
  AVAILABLE: 'frei',
  HELD: 'von jemand anderem reserviert',
  BOOKED: 'verkauft',
  BLOCKED: 'nicht im Verkauf',
  selected: 'gewählt',
  yours: 'für Sie reserviert',
  chosen: '{0} gewählt. {1} insgesamt.',
  removed: '{0} entfernt. {1} insgesamt.',
  taken: '{0} wurde gerade vergeben.',
  full: 'Sie können bis zu {0} Plätze wählen.',
  single: 'So bleibt ein einzelner Platz frei. Wählen Sie den daneben, oder rücken Sie um einen weiter.',
  wheelchair: 'Rollstuhlplatz',
  companion: 'Begleitplatz',
  restricted: 'eingeschränkte Sicht',
  stepFree: 'stufenlos',
  loading: 'Der Saalplan wird geladen …',
  stale: 'Der Plan kann einige Sekunden alt sein.',
  waiting: 'Keine Verbindung. Sie wird neu aufgebaut …',
  failed: 'Der Saalplan kann nicht gezeigt werden.',
  general: 'Freie Platzwahl: Geben Sie an, wie viele Sie möchten.',
};

const fr: Texts = {
  map: 'Plan des places',
  mapHelp: 'Les flèches déplacent le plan, plus et moins changent le zoom, 0 le montre en entier. Toutes les places sont aussi dans la liste.',
  zoomIn: 'Agrandir',
  zoomOut: 'Réduire',
  whole: 'Voir tout le plan',
  list: 'Liste des places',
  showMap: 'Voir le plan',
  back: 'Retour',
  section: 'Bloc {0}',
  row: 'Rang {0}',
  seat: 'Place {0}',
  place: 'Place debout {0}',
  free: '{0} libres',
  from: 'dès {0}',
  soldOut: 'complet',
  AVAILABLE: 'libre',
  HELD: 'réservée par une autre personne',
  BOOKED: 'vendue',
  BLOCKED: 'pas en vente',
  selected: 'choisie',
  yours: 'réservée pour vous',
  chosen: '{0} choisie. {1} en tout.',
  removed: '{0} retirée. {1} en tout.',
  taken: '{0} vient d’être prise.',
  full: 'Vous pouvez choisir jusqu’à {0} places.',
  single: 'Une place seule resterait libre. Choisissez celle d’à côté ou décalez-vous.',
  wheelchair: 'place pour fauteuil roulant',
  companion: 'place d’accompagnant',
  restricted: 'visibilité réduite',
  stepFree: 'sans marche',
  loading: 'Le plan se charge …',
  stale: 'Le plan peut dater de quelques secondes.',
  waiting: 'La connexion est perdue. Nouvelle tentative …',
  failed: 'Le plan ne peut pas être affiché.',
  general: 'Places non numérotées : indiquez combien vous en voulez.',
};

const ar: Texts = {
  map: 'خريطة المقاعد',
  mapHelp: 'الأسهم تحرّك الخريطة، وزائد وناقص للتكبير والتصغير، و0 لعرضها كلها. كل المقاعد موجودة في القائمة أيضًا.',
  zoomIn: 'تكبير',
  zoomOut: 'تصغير',
  whole: 'عرض الخريطة كاملة',
  list: 'قائمة المقاعد',
  showMap: 'عرض الخريطة',
  back: 'رجوع',
  section: 'القسم {0}',
  row: 'الصف {0}',
  seat: 'المقعد {0}',
  place: 'المكان {0}',
  free: '{0} متاح',
  from: 'ابتداءً من {0}',
  soldOut: 'نفدت التذاكر',
  AVAILABLE: 'متاح',
  HELD: 'محجوز مؤقتًا لشخص آخر',
  BOOKED: 'مباع',
  BLOCKED: 'غير معروض للبيع',
  selected: 'مختار',
  yours: 'محجوز لك',
  chosen: 'تم اختيار {0}. المجموع {1}.',
  removed: 'تمت إزالة {0}. المجموع {1}.',
  taken: 'شخص آخر أخذ {0} للتو.',
  full: 'يمكنك اختيار {0} مقاعد على الأكثر.',
  single: 'هكذا يبقى مقعد واحد منفرد. اختر المقعد المجاور أو تحرّك مقعدًا واحدًا.',
  wheelchair: 'مكان لكرسي متحرك',
  companion: 'مقعد مرافق',
  restricted: 'رؤية محدودة',
  stepFree: 'بلا درجات',
  loading: 'يجري تحميل الخريطة …',
  stale: 'قد تكون الخريطة متأخرة ببضع ثوانٍ.',
  waiting: 'انقطع الاتصال. تجري إعادة الاتصال …',
  failed: 'لا يمكن عرض الخريطة.',
  general: 'أماكن بلا مقاعد: حدّد العدد الذي تريده.',
};

const catalogue: Readonly<Record<string, Texts>> = { en, es, de, fr, ar };

/** Returns the texts of a language such as `de-AT`; English when the catalogue does not have it. */
export const textsOf = (language: string): Texts => catalogue[language.slice(0, 2).toLowerCase()] ?? en;

/** Puts values in the places `{0}`, `{1}` of a text. */
export const fill = (text: string, ...values: (string | number)[]): string =>
  text.replace(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)] ?? ''));

/** Writes an amount as people of the language write it. */
export function moneyText(
  language: string,
  { amountMinor, currency, decimals }: { amountMinor: number; currency: string; decimals: number },
): string {
  const isWhole = amountMinor % 10 ** decimals === 0;
  const digits = isWhole ? 0 : decimals;
  return new Intl.NumberFormat(language, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: Math.max(digits, isWhole ? 0 : decimals),
  }).format(amountMinor / 10 ** decimals);
}
