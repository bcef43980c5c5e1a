/** A stored hash that was read, its parameters found to be within the caps. */
export interface StoredHash {
  /** The bytes that the right password derives to. */
  readonly digest: Buffer
  /** False for a password that this format would cut short or misread: it is wrong, and nothing is hashed. */
  readonly takes?: (password: string) => boolean
  /** Rejects when what derives it is not installed. */
  readonly load?: () => Promise<unknown>
  readonly derive: (password: string) => Promise<Buffer>
}

/** A parameter read from a stored hash is capped before any work is done with it. */
export function cap(format: string, parameter: string, value: number, most: number): void {
  if (value <= most) return
  throw new RangeError(
    `A stored ${format} hash asks for ${parameter} = ${value}; at most ${most} is taken. ` +
      'Have the user set a new password, which is then hashed with hashPassword.',
  )
}

/** Decodes base64 in exactly its one canonical spelling; undefined for anything else. */
export function canonicalBase64(text: string, padding: 'padded' | 'bare'): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  const spelled = bytes.toString('base64')
  return (padding === 'padded' ? spelled : spelled.replace(/=+$/, '')) === text ? bytes : undefined
}
