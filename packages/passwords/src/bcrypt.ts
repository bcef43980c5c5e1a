import { cap, type StoredHash } from './stored-hash.ts'

/** 2^14 rounds: about a second of JavaScript. */
const MAX_COST = 14
/** bcrypt reads no more than this; what follows would not count. */
const MAX_PASSWORD_BYTES = 72

const BCRYPT = /^(\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/

/** `$2a$`, `$2b$` and `$2y$`, through the optional peer bcryptjs. */
export function parseBcrypt(stored: string): StoredHash | undefined {
  const found = BCRYPT.exec(stored)
  if (!found) return undefined
  const [, setting = '', cost, digest = ''] = found
  cap('bcrypt', 'cost', Number(cost), MAX_COST)
  return {
    digest: Buffer.from(digest, 'latin1'),
    // A NUL ends or repeats the password, depending on who reads it: `a` and `a\0a` would be the same.
    takes: (password) => Buffer.byteLength(password) <= MAX_PASSWORD_BYTES && !password.includes('\0'),
    load: loadBcrypt,
    derive: async (password) => {
      const { hash } = await loadBcrypt()
      return Buffer.from((await hash(password, setting)).slice(-31), 'latin1')
    },
  }
}

async function loadBcrypt(): Promise<typeof import('bcryptjs')> {
  try {
    return await import('bcryptjs')
  } catch (cause) {
    throw new Error('A stored bcrypt hash needs the optional peer dependency bcryptjs: npm i bcryptjs', { cause })
  }
}
