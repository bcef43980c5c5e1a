import { ALL, badToken, type Case } from '../case.ts'
import { hs256 } from '../mint.ts'

/** J rows: bad tokens. */
export const tokenCases: readonly Case[] = [
  {
    id: 'J01',
    title: 'no credential: every challenge, no error',
    section: 'RFC 6750 section 3',
    *steps() {
      yield { send: { path: '/me' }, expect: { status: 401, code: 'unauthenticated', challenges: ALL } }
    },
  },
  badToken('J02', 'alg none in any case, empty signature', 'RFC 8725 section 3.1', ({ mint }) =>
    ['none', 'None', 'NONE', 'nOnE'].map((alg) => mint({ header: { alg }, sign: () => new Uint8Array(0) })),
  ),
  badToken('J03', 'HS256 signed with the public key, in any encoding', 'RFC 8725 section 2.1', ({ mint, keys }) => {
    const pem = keys.public.RS256.export({ type: 'spki', format: 'pem' }) as string
    const der = keys.public.RS256.export({ type: 'spki', format: 'der' })
    const modulus = Buffer.from(keys.public.RS256.export({ format: 'jwk' }).n as string, 'base64url')
    return [pem, der, modulus, `\n${pem}`, pem.trim()].map((secret) =>
      mint({ header: { alg: 'HS256' }, sign: hs256(secret) }),
    )
  }),
]
