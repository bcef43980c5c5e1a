/** How many tokens every cache may hold: what `localIssuer` holds unless told otherwise. */
export const ENTRIES = 10_000
