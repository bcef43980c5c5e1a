/** Claims of an ID token, or of a logout token. */
export type Claims = Readonly<Record<string, unknown>>

/** The claims of a token that was verified before it was sealed or handed over. */
export function claimsIn(token: string): Claims {
  return Object.freeze(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims)
}

/** A text that is not empty, or `undefined`. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A list of texts, or `undefined`. */
export function textsOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? (value as string[]) : undefined
}

/** An own member of an object; `undefined` for anything else. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}
