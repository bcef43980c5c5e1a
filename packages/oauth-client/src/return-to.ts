/** Characters that a place to return to may have: five of them fit into the header section, beside a session. */
const LIMIT = 1024

/**
 * The path, query and fragment of a place on this origin; `undefined` for everything else: another origin in whatever disguise
 * (`//evil`, `/\evil`, a scheme, tabs and line breaks that browsers leave out), and what is too long. RFC 9700 section 4.11.
 */
export function ownPath(text: unknown, origin: string): string | undefined {
  if (typeof text !== 'string' || text.length > LIMIT || !/^\/(?![/\\])/.test(text)) return undefined
  // Browsers drop tabs and line breaks and read a backslash as a slash: after that the start may be another.
  if (/[\\\p{Cc}]/u.test(text)) return undefined
  const url = URL.parse(text, origin)
  if (url?.origin !== origin || url.username !== '' || url.pathname.startsWith('//')) return undefined
  return `${url.pathname}${url.search}${url.hash}`
}
