const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Returns whether the text is a UUID in lower case, the form in which Frontrow writes each id. */
export const isUuid = (text: string): boolean => UUID.test(text);

/** Returns whether the text is a UUID in lower or upper case. For ids that other programs and people write. */
export const isUuidOfAnyCase = (text: string): boolean => isUuid(text.toLowerCase());
