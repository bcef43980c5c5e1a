/** `Name: value` lines, as curl takes them, to a list of names and values in turn. Throws for what is no header line. */
export function rawHeaders(lines: readonly string[] = []): string[] {
  return lines.flatMap((line) => {
    const colon = line.indexOf(':')
    if (colon < 1) throw new Error('--header takes a line such as "X-API-Key: …"')
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
  })
}
