/** Header names in one spelling: WSGI, Rack, PHP and CGI hand `X-User`, `x_user` and `X.User` to a program under one name. */
export function spelled(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-')
}

/** Whether a name, spelled by `spelled`, is meant. */
export type NameTest = (spelling: string) => boolean

const PATTERN = /^[A-Za-z0-9_-]+\*?$/

/** Names, and beginnings of names that end in `*`, as a test. Throws a TypeError for what is neither. */
export function nameTest(maker: string, option: string, names: unknown): NameTest {
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string' && PATTERN.test(name)))
    throw new TypeError(`${maker}: ${option} must list header names such as "x-user", or beginnings such as "x-auth-*"`)
  const exact = new Set<string>()
  const beginnings: string[] = []
  for (const name of names as string[]) {
    if (name.endsWith('*')) beginnings.push(spelled(name.slice(0, -1)))
    else exact.add(spelled(name))
  }
  return (spelling) => exact.has(spelling) || beginnings.some((one) => spelling.startsWith(one))
}
