/** `Name: value` lines, as curl takes them, to a list of names and values in turn. Throws for what is no header line. */
export function rawHeaders(lines: readonly string[] = []): string[] {
  return lines.flatMap((line) => {
    const colon = line.indexOf(':')
    if (colon < 1) throw new Error('--header takes a line such as "X-API-Key: …"')
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
  })
}

/** The value of `Authorization` for what was pasted: a bare token, one with its scheme in front, or the whole line. */
export function authorizationOf(pasted: string): string {
  const value = pasted.replace(/^authorization:/i, '').trim()
  return /^[A-Za-z]+ +\S/.test(value) ? value : `Bearer ${value}`
}

/** The token alone, for a command that wants no other scheme. Throws for one. */
export function tokenOf(pasted: string): string {
  const [, scheme = '', token = ''] = /^(\S+) +(.*)$/s.exec(authorizationOf(pasted)) ?? []
  if (scheme.toLowerCase() !== 'bearer') throw new Error('--token takes a bearer token')
  return token
}

/** The same lines as `headers` of a message: names in lower case, several of a name joined, of `Authorization` the first. */
export function headersFrom(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let at = 0; at < lines.length; at += 2) {
    const name = (lines[at] ?? '').toLowerCase()
    const value = lines[at + 1] ?? ''
    const known = headers[name]
    if (known === undefined) headers[name] = value
    else if (name !== 'authorization') headers[name] = `${known}, ${value}`
  }
  return headers
}
