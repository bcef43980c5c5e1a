import { createPublicKey } from 'node:crypto'
import type { AttackSender } from './attack.ts'
import { ATTACKER_KID, chainOf, forge, ownCertificate, ownJwk, setOf } from './attacker.ts'
import type { DraftBattery, LeftOutReason } from './battery.ts'
import { hmac, inputOf, type Material, seal, signed } from './forge.ts'

/** A bad token of one kind. */
interface TokenAttack {
  readonly id: string
  readonly name: string
  readonly section: string
  readonly sender: AttackSender
  /** What must be to hand to make it; without, the attack is left out and says so. */
  readonly needs?: readonly (keyof typeof NEEDS)[]
  make(material: Material): string
}

// biome-ignore format: a table
const NEEDS = {
  issuer: { why: 'the issuer would have to sign it', met: ({ sign }) => sign !== undefined },
  publicKeys: { why: 'no public keys', met: ({ publicKeys }) => Boolean(publicKeys?.length) },
  /** A shared secret has no certificate, and no public half to confuse it with. */
  asymmetric: { why: 'its tokens have another algorithm', met: ({ header }) => !`${header.alg}`.startsWith('HS') },
  keyServer: { why: 'no server of keys', met: ({ keyServer }) => keyServer !== undefined },
  ecdsa: { why: 'its tokens have another algorithm', met: ({ header }) => `${header.alg}`.startsWith('ES') },
  iss: { why: 'the good token does not say it', met: ({ claims }) => claims.iss !== undefined },
  aud: { why: 'the good token does not say it', met: ({ claims }) => claims.aud !== undefined },
  /** Whoever shares a secret and gives out plain JWTs is no OpenID provider. */
  idTokens: { why: 'its issuer makes no ID tokens', met: ({ header }) => !`${header.alg}`.startsWith('HS') || header.typ === 'at+jwt' },
  spareBits: { why: 'its tokens have another algorithm', met: (m) => parts(m)[2].length % 4 > 0 },
} as const satisfies Readonly<Record<string, { why: LeftOutReason; met(material: Material): boolean }>>

/** Tokens that nobody may get in with, whatever the policy asks for: made where there is what they need. */
export function wrongTokens(battery: DraftBattery, material: Material | undefined): void {
  if (!material) {
    battery.leave('no good token', ...TOKEN_ATTACKS.map(({ id }) => id))
    return
  }
  for (const { needs = [], make, ...words } of TOKEN_ATTACKS) {
    const unmet = needs.find((need) => !NEEDS[need].met(material))
    if (unmet) battery.leave(NEEDS[unmet].why, words.id)
    else battery.add({ ...words, headers: { authorization: `Bearer ${make(material)}` } })
  }
}

const JWS = 'RFC 7515 section 5.2'
const BCP = 'RFC 8725 section'
const CLAIM = 'RFC 7519 section 4.1'
const PROFILE = 'RFC 9068 section 4'

const HOUR = 3600
const parts = ({ token }: Material) => token.split('.') as [string, string, string]
const later = (m: Material, seconds: number) => ({ exp: m.now + seconds, iat: m.now + seconds - HOUR })
/** Signed by an attacker, with another header beside the same claims: of the server's own algorithm, so that no list of them refuses it. */
const forged = (m: Material, header: object) => forge(m.header.alg, inputOf({ ...m.header, ...header }, m.claims))
const anybody = { sender: 'anybody' } as const
const other = { sender: 'the holder of a token for something else', needs: ['issuer'] } as const
const unusual = { sender: 'the issuer', needs: ['issuer'] } as const
const held = { sender: 'the holder of the good credential' } as const

// biome-ignore format: a table
const TOKEN_ATTACKS: readonly TokenAttack[] = [
  // Without the issuer's signature.
  ...['none', 'None', 'NONE', 'nOnE'].map((alg): TokenAttack => ({ ...anybody, id: `alg.${alg}`, name: `alg ${alg} and no signature`, section: `${BCP} 3.1`, make: (m) => `${inputOf({ ...m.header, alg }, m.claims)}.` })),
  { ...anybody, id: 'alg.none.kept', name: 'alg none with the old signature', section: `${BCP} 3.1`, make: (m) => `${inputOf({ ...m.header, alg: 'none' }, m.claims)}.${parts(m)[2]}` },
  { ...anybody, id: 'signature.empty', name: 'the signature cut off', section: JWS, make: (m) => `${parts(m)[0]}.${parts(m)[1]}.` },
  { ...anybody, id: 'signature.absent', name: 'two segments', section: JWS, make: (m) => `${parts(m)[0]}.${parts(m)[1]}` },
  { ...anybody, id: 'signature.changed', name: 'a signature with one bit changed', section: JWS, make: (m) => `${parts(m)[0]}.${parts(m)[1]}.${flip(parts(m)[2])}` },
  { ...anybody, id: 'claims.changed', name: 'another subject under the old signature', section: JWS, make: (m) => `${inputOf(m.header, { ...m.claims, sub: m.claims.sub === 'root' ? 'admin' : 'root' })}.${parts(m)[2]}` },
  { ...anybody, id: 'signature.foreign', name: "the same claims signed with an attacker's key", section: JWS, make: (m) => forged(m, {}) },
  { ...anybody, id: 'signature.zero', name: 'an ECDSA signature of zeros', section: 'FIPS 186-5 section 6.4.2', needs: ['ecdsa'], make: (m) => `${inputOf(m.header, m.claims)}.${zeros(parts(m)[2])}` },
  { ...anybody, id: 'key.jwk', name: "an attacker's key in the header (jwk)", section: `${BCP} 3.10`, make: (m) => forged(m, { jwk: ownJwk(m.header.alg) }) },
  { ...anybody, id: 'key.x5c', name: "an attacker's certificate in the header (x5c)", section: `${BCP} 3.10`, needs: ['asymmetric'], make: (m) => forged(m, { x5c: [ownCertificate(m.header.alg)?.toString('base64')] }) },
  { ...anybody, id: 'key.jku', name: "the address of an attacker's key set in the header (jku)", section: `${BCP} 3.10`, needs: ['keyServer'], make: (m) => forged(m, { jku: setOf(m.keyServer, m.header.alg), kid: ATTACKER_KID }) },
  { ...anybody, id: 'key.x5u', name: "the address of an attacker's certificate in the header (x5u)", section: `${BCP} 3.10`, needs: ['asymmetric', 'keyServer'], make: (m) => forged(m, { x5u: chainOf(m.keyServer, m.header.alg) }) },
  { ...anybody, id: 'kid.unknown', name: "an unknown kid, signed with an attacker's key", section: `${BCP} 3.10`, make: (m) => forged(m, { kid: 'unknown' }) },
  { ...anybody, id: 'kid.path', name: 'a kid that is the path of an empty file, signed with nothing', section: `${BCP} 3.10`, make: (m) => hmac(inputOf({ ...m.header, alg: 'HS256', kid: '../../../../../../dev/null' }, m.claims), '') },
  { ...anybody, id: 'kid.prototype', name: 'a kid named __proto__', section: `${BCP} 3.10`, make: (m) => forged(m, { kid: '__proto__' }) },
  { ...anybody, id: 'kid.array', name: 'a kid that is an array', section: `${BCP} 3.10`, make: (m) => forged(m, { kid: [m.header.kid ?? 'a'] }) },
  ...confusions(),
  { ...anybody, id: 'garbage', name: 'no token at all', section: JWS, make: () => 'garbage' },
  { ...anybody, id: 'dots', name: 'two dots', section: JWS, make: () => '..' },
  { ...held, id: 'signature.noncanonical', name: 'spare bits set in the last character', section: 'RFC 4648 section 3.5', needs: ['spareBits'], make: (m) => spareBits(m.token) },
  { ...held, id: 'signature.padding', name: 'a padded signature', section: 'RFC 7515 section 2', make: (m) => paddedSignature(m.token) },

  // Signed by the issuer, and still not for this route at this time.
  { ...other, id: 'expired', name: 'an expired token', section: `${CLAIM}.4`, make: (m) => signed(m, { claims: later(m, -HOUR) }) },
  { ...unusual, id: 'exp.missing', name: 'a token that never expires', section: PROFILE, make: (m) => signed(m, { claims: { exp: undefined } }) },
  { ...unusual, id: 'exp.text', name: 'an exp that is text', section: `${CLAIM}.4`, make: (m) => signed(m, { claims: { exp: `${m.now + HOUR}` } }) },
  { ...unusual, id: 'exp.milliseconds', name: 'an exp in milliseconds: good for 50,000 years', section: `${CLAIM}.4`, make: (m) => signed(m, { claims: { exp: (m.now + HOUR) * 1000 } }) },
  { ...other, id: 'nbf', name: 'a token that is not good yet', section: `${CLAIM}.5`, make: (m) => signed(m, { claims: { nbf: m.now + HOUR } }) },
  { ...other, id: 'aud.other', needs: ['issuer', 'aud'], name: 'a token for another audience', section: `${CLAIM}.3`, make: (m) => signed(m, { claims: { aud: 'https://other.test' } }) },
  { ...other, id: 'aud.missing', needs: ['issuer', 'aud'], name: 'a token for no audience', section: PROFILE, make: (m) => signed(m, { claims: { aud: undefined } }) },
  { ...other, id: 'aud.longer', needs: ['issuer', 'aud'], name: 'an audience that begins as ours', section: `${CLAIM}.3`, make: (m) => signed(m, { claims: { aud: `${[m.claims.aud].flat()[0]}.other.test` } }) },
  { ...other, id: 'iss.other', needs: ['issuer', 'iss'], name: 'a token of another issuer', section: `${CLAIM}.1`, make: (m) => signed(m, { claims: { iss: 'https://other.test' } }) },
  { ...other, id: 'iss.missing', needs: ['issuer', 'iss'], name: 'a token of no issuer', section: PROFILE, make: (m) => signed(m, { claims: { iss: undefined } }) },
  { ...unusual, id: 'iss.array', needs: ['issuer', 'iss'], name: 'an issuer in an array', section: `${CLAIM}.1`, make: (m) => signed(m, { claims: { iss: [m.claims.iss, 'https://other.test'] } }) },
  { ...unusual, id: 'sub.missing', name: 'a token that names nobody', section: 'RFC 9068 section 2.2', make: (m) => signed(m, { claims: { sub: undefined } }) },
  { ...unusual, id: 'typ.dpop', name: 'a token typed as a DPoP proof (typ dpop+jwt)', section: `${BCP} 3.11`, make: (m) => signed(m, { header: { typ: 'dpop+jwt' } }) },
  { ...other, id: 'typ.logout', name: 'a logout token for an access token (typ logout+jwt)', section: `${BCP} 3.11`, make: (m) => signed(m, { header: { typ: 'logout+jwt' } }) },
  { ...other, id: 'id-token', needs: ['issuer', 'idTokens'], name: 'an ID token for an access token', section: `${BCP} 3.12`, make: (m) => signed(m, { header: { typ: 'JWT' }, claims: { nonce: 'n', at_hash: 'LDktKdoQak3Pk0cnXxCltA' } }) },
  { ...other, id: 'crit', name: 'a critical extension that nobody knows', section: 'RFC 7515 section 4.1.11', make: (m) => signed(m, { header: { crit: ['http://other.test/x'], 'http://other.test/x': true } }) },
  { ...unusual, id: 'claims.duplicate', name: 'a claim twice', section: 'RFC 7519 section 4', make: (m) => signed(m, { claims: JSON.stringify(m.claims).replace(/}$/, ',"sub":"root"}') }) },
  { ...unusual, id: 'claims.padding', name: 'padded claims', section: 'RFC 7515 section 2', make: (m) => seal(m, paddedClaims(m)) },
  { ...unusual, id: 'claims.alphabet', name: 'claims in the other base64 alphabet', section: 'RFC 7515 section 2', make: (m) => seal(m, inputOf(m.header, { ...m.claims, x: '>>>>???>>>>???' }).replaceAll('-', '+').replaceAll('_', '/')) },
  { ...unusual, id: 'claims.huge', name: 'a token of 12 KiB', section: 'OWASP API4:2023', make: (m) => signed(m, { claims: { x: 'x'.repeat(9000) } }) },
]

/** HS256 with the server's public key as its secret, in each form that someone may hold it in. RFC 8725 section 3.1. */
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
    sender: 'anybody',
    needs: ['asymmetric', 'publicKeys'],
    make(m) {
      const jwk = m.publicKeys?.find(({ kid }) => kid === m.header.kid) ?? m.publicKeys?.[0]
      const key = createPublicKey({ key: jwk ?? {}, format: 'jwk' })
      return hmac(inputOf({ ...m.header, alg: 'HS256' }, m.claims), bytes(key))
    },
  }))
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The same signature but for one bit in its middle. */
function flip(segment: string): string {
  const bytes = Buffer.from(segment, 'base64url')
  const at = bytes.length >> 1
  bytes.set([(bytes[at] ?? 0) ^ 1], Math.min(at, bytes.length - 1))
  return bytes.toString('base64url')
}

function zeros(segment: string): string {
  return Buffer.alloc(Buffer.from(segment, 'base64url').length).toString('base64url')
}

/** The next character decodes to the same bytes. */
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
