/** What the fan looks for, as it is in the address of the page. */
export type Wish = { text?: string; city?: string; category?: string; when?: string };
