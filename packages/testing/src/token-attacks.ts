import { createPublicKey } from 'node:crypto'
import { forge, hmac, inputOf, type Material, ownPublicJwk, seal, signed } from './forge.ts'

/** A bad token of one kind. `needs`: what must be to hand to make it; without, the attack is left out and says so. */
export interface TokenAttack {
  readonly id: string
  readonly name: string
  readonly section: string
  readonly needs?: 'sign' | 'publicKeys'
  make(material: Material): string
}

const JWS = 'RFC 7515 section 5.2'
const BCP = 'RFC 8725 section'
const CLAIM = 'RFC 7519 section 4.1'
const PROFILE = 'RFC 9068 section 4'

const HOUR = 3600
const parts = ({ token }: Material) => token.split('.') as [string, string, string]
const later = (m: Material, seconds: number) => ({ exp: m.now + seconds, iat: m.now + seconds - HOUR })

// biome-ignore format: a table
/** Whatever the key says of the token's author, nobody may get in with any of these. */
export const TOKEN_ATTACKS: readonly TokenAttack[] = [
  // Without the issuer's signature.
  ...['none', 'None', 'NONE', 'nOnE'].map((alg): TokenAttack => ({ id: `alg.${alg}`, name: `alg ${alg} and no signature`, section: `${BCP} 3.1`, make: (m) => `${inputOf({ ...m.header, alg }, m.claims)}.` })),
  { id: 'alg.none.kept', name: 'alg none with the old signature', section: `${BCP} 3.1`, make: (m) => `${inputOf({ ...m.header, alg: 'none' }, m.claims)}.${parts(m)[2]}` },
  { id: 'signature.empty', name: 'the signature cut off', section: JWS, make: (m) => `${parts(m)[0]}.${parts(m)[1]}.` },
  { id: 'signature.absent', name: 'two segments', section: JWS, make: (m) => `${parts(m)[0]}.${parts(m)[1]}` },
  { id: 'signature.changed', name: 'a signature with one bit changed', section: JWS, make: (m) => `${parts(m)[0]}.${parts(m)[1]}.${flip(parts(m)[2])}` },
  { id: 'claims.changed', name: 'another subject under the old signature', section: JWS, make: (m) => `${inputOf(m.header, { ...m.claims, sub: 'root' })}.${parts(m)[2]}` },
  { id: 'signature.foreign', name: "the same claims signed with an attacker's key", section: JWS, make: (m) => forge(m.header.alg, inputOf(m.header, m.claims)) },
  { id: 'signature.zero', name: 'ES256 with a signature of zeros', section: 'FIPS 186-5 section 6.4.2', make: (m) => `${inputOf({ ...m.header, alg: 'ES256' }, m.claims)}.${Buffer.alloc(64).toString('base64url')}` },
  { id: 'key.jwk', name: "an attacker's key in the header (jwk)", section: `${BCP} 3.10`, make: (m) => forge('RS256', inputOf({ ...m.header, alg: 'RS256', jwk: ownPublicJwk('RS256') }, m.claims)) },
  { id: 'key.jku', name: "an attacker's key set in the header (jku)", section: `${BCP} 3.10`, make: (m) => forge('RS256', inputOf({ ...m.header, alg: 'RS256', jku: 'http://127.0.0.1:9/keys' }, m.claims)) },
  { id: 'key.x5u', name: "an attacker's certificate in the header (x5u)", section: `${BCP} 3.10`, make: (m) => forge('RS256', inputOf({ ...m.header, alg: 'RS256', x5u: 'http://127.0.0.1:9/cert' }, m.claims)) },
  { id: 'kid.unknown', name: "an unknown kid, signed with an attacker's key", section: `${BCP} 3.10`, make: (m) => forge(m.header.alg, inputOf({ ...m.header, kid: 'unknown' }, m.claims)) },
  { id: 'kid.path', name: 'a kid that is the path of an empty file, signed with nothing', section: `${BCP} 3.10`, make: (m) => hmac(inputOf({ ...m.header, alg: 'HS256', kid: '../../../../../../dev/null' }, m.claims), '') },
  { id: 'kid.prototype', name: 'a kid named __proto__', section: `${BCP} 3.10`, make: (m) => forge(m.header.alg, inputOf(JSON.stringify({ ...m.header, kid: '__proto__' }), m.claims)) },
  { id: 'kid.array', name: 'a kid that is an array', section: `${BCP} 3.10`, make: (m) => forge(m.header.alg, inputOf({ ...m.header, kid: [m.header.kid ?? 'a'] }, m.claims)) },
  ...confusions(),
  { id: 'garbage', name: 'no token at all', section: JWS, make: () => 'garbage' },
  { id: 'dots', name: 'two dots', section: JWS, make: () => '..' },
  { id: 'signature.noncanonical', name: 'spare bits set in the last character', section: 'RFC 4648 section 3.5', make: (m) => spareBits(m.token) },
  { id: 'signature.padding', name: 'a padded signature', section: 'RFC 7515 section 2', make: (m) => paddedSignature(m.token) },

  // Signed by the issuer, and still not for this route at this time.
  { id: 'expired', name: 'an expired token', section: `${CLAIM}.4`, needs: 'sign', make: (m) => signed(m, { claims: later(m, -HOUR) }) },
  { id: 'exp.missing', name: 'a token that never expires', section: PROFILE, needs: 'sign', make: (m) => signed(m, { claims: { exp: undefined } }) },
  { id: 'exp.text', name: 'an exp that is text', section: `${CLAIM}.4`, needs: 'sign', make: (m) => signed(m, { claims: { exp: `${m.now + HOUR}` } }) },
  { id: 'exp.milliseconds', name: 'an exp in milliseconds: good for 50,000 years', section: `${CLAIM}.4`, needs: 'sign', make: (m) => signed(m, { claims: { exp: (m.now + HOUR) * 1000 } }) },
  { id: 'nbf', name: 'a token that is not good yet', section: `${CLAIM}.5`, needs: 'sign', make: (m) => signed(m, { claims: { nbf: m.now + HOUR } }) },
  { id: 'aud.other', name: 'a token for another audience', section: `${CLAIM}.3`, needs: 'sign', make: (m) => signed(m, { claims: { aud: 'https://other.test' } }) },
  { id: 'aud.missing', name: 'a token for no audience', section: PROFILE, needs: 'sign', make: (m) => signed(m, { claims: { aud: undefined } }) },
  { id: 'aud.longer', name: 'an audience that begins as ours', section: `${CLAIM}.3`, needs: 'sign', make: (m) => signed(m, { claims: { aud: `${[m.claims.aud].flat()[0]}.other.test` } }) },
  { id: 'iss.other', name: 'a token of another issuer', section: `${CLAIM}.1`, needs: 'sign', make: (m) => signed(m, { claims: { iss: 'https://other.test' } }) },
  { id: 'iss.missing', name: 'a token of no issuer', section: PROFILE, needs: 'sign', make: (m) => signed(m, { claims: { iss: undefined } }) },
  { id: 'iss.array', name: 'an issuer in an array', section: `${CLAIM}.1`, needs: 'sign', make: (m) => signed(m, { claims: { iss: [m.claims.iss, 'https://other.test'] } }) },
  { id: 'sub.missing', name: 'a token that names nobody', section: 'RFC 9068 section 2.2', needs: 'sign', make: (m) => signed(m, { claims: { sub: undefined } }) },
  { id: 'typ.dpop', name: 'a token typed as a DPoP proof (typ dpop+jwt)', section: `${BCP} 3.11`, needs: 'sign', make: (m) => signed(m, { header: { typ: 'dpop+jwt' } }) },
  { id: 'typ.logout', name: 'a logout token for an access token (typ logout+jwt)', section: `${BCP} 3.11`, needs: 'sign', make: (m) => signed(m, { header: { typ: 'logout+jwt' } }) },
  { id: 'id-token', name: 'an ID token for an access token', section: `${BCP} 3.12`, needs: 'sign', make: (m) => signed(m, { header: { typ: 'JWT' }, claims: { nonce: 'n', at_hash: 'LDktKdoQak3Pk0cnXxCltA' } }) },
  { id: 'crit', name: 'a critical extension that nobody knows', section: 'RFC 7515 section 4.1.11', needs: 'sign', make: (m) => signed(m, { header: { crit: ['http://other.test/x'], 'http://other.test/x': true } }) },
  { id: 'claims.duplicate', name: 'a claim twice', section: 'RFC 7519 section 4', needs: 'sign', make: (m) => signed(m, { claims: JSON.stringify(m.claims).replace(/}$/, ',"sub":"root"}') }) },
  { id: 'claims.padding', name: 'padded claims', section: 'RFC 7515 section 2', needs: 'sign', make: (m) => seal(m, paddedClaims(m)) },
  { id: 'claims.alphabet', name: 'claims in the other base64 alphabet', section: 'RFC 7515 section 2', needs: 'sign', make: (m) => seal(m, inputOf(m.header, { ...m.claims, x: '>>>>???>>>>???' }).replaceAll('-', '+').replaceAll('_', '/')) },
  { id: 'claims.huge', name: 'a token of 12 KiB', section: 'OWASP API4:2023', needs: 'sign', make: (m) => signed(m, { claims: { x: 'x'.repeat(9000) } }) },
]

/** HS256 with the server's public key as its secret, in each form that someone may hold it in. RFC 8725 section 2.1. */
function confusions(): TokenAttack[] {
  const forms: Readonly<Record<string, (key: ReturnType<typeof createPublicKey>) => Buffer | string>> = {
    PEM: (key) => key.export({ type: 'spki', format: 'pem' }),
    'PEM after a line feed': (key) => `\n${key.export({ type: 'spki', format: 'pem' })}`,
    'PEM without its last line feed': (key) => `${key.export({ type: 'spki', format: 'pem' })}`.trimEnd(),
    DER: (key) => key.export({ type: 'spki', format: 'der' }),
    'raw bytes': (key) => {
      const { n, x } = key.export({ format: 'jwk' })
      return Buffer.from(n ?? x ?? '', 'base64url')
    },
  }
  return Object.entries(forms).map(([form, bytes]) => ({
    id: `confusion.${form.toLowerCase().replaceAll(' ', '-')}`,
    name: `HS256 with the public key as secret: ${form}`,
    section: `${BCP} 3.1`,
    needs: 'publicKeys',
    make(m) {
      const jwk = m.publicKeys?.find(({ kid }) => kid === m.header.kid) ?? m.publicKeys?.[0]
      const key = createPublicKey({ key: jwk ?? {}, format: 'jwk' })
      return hmac(inputOf({ ...m.header, alg: 'HS256' }, m.claims), bytes(key))
    },
  }))
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

function flip(segment: string): string {
  const at = Math.floor(segment.length / 2)
  return segment.slice(0, at) + (segment[at] === 'A' ? 'B' : 'A') + segment.slice(at + 1)
}

/** The next character: where the length leaves spare bits it decodes to the same bytes, else it is another signature. */
function spareBits(token: string): string {
  const last = ALPHABET.indexOf(token.at(-1) ?? '')
  return token.slice(0, -1) + ALPHABET[last ^ 1]
}

/** The padding that its length calls for, so that a decoder which takes padding takes this. */
function paddedSignature(token: string): string {
  const signature = token.slice(token.lastIndexOf('.') + 1)
  return token + '='.repeat((4 - (signature.length % 4)) % 4 || 1)
}

/** Of a length that calls for one `=`, whatever else is in the claims. */
function paddedClaims({ header, claims }: Material): string {
  const inputs = ['', 'x', 'xx'].map((x) => inputOf(header, { ...claims, x }))
  return `${inputs.find((input) => (input.length - input.indexOf('.') - 1) % 4 === 3)}=`
}
