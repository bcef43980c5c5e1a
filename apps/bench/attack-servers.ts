// Who is attacked, and how each is set up. The form is the one in its file under peers.
import { start as countersignExpress } from './peers/countersign-express.ts'
import { start as countersignFastify } from './peers/countersign-fastify.ts'
import { start as expressJwt } from './peers/express-jwt.ts'
import * as oauth2Bearer from './peers/express-oauth2-jwt-bearer.ts'
import { start as bearerAuth } from './peers/fastify-bearer-auth.ts'
import * as fastifyJwt from './peers/fastify-jwt.ts'
import { start as passportJwt } from './peers/passport-jwt.ts'
import type { Start } from './peers/peer.ts'

export interface AttackedServer {
  readonly name: string
  readonly start: Start
  /** Checks that the library has no option for, by the beginning of an attack's id: left to whoever uses it. */
  readonly lacks: readonly string[]
  /** Why tokens say nothing about it. */
  readonly noTokens?: string
}

export interface AttackedPeer extends AttackedServer {
  /** The package whose version counts, and what it verifies with. */
  readonly packages: readonly string[]
  /** Under apps/bench/peers. */
  readonly file: string
  /** Headings of its README that show this form. */
  readonly sections: readonly string[]
  readonly configured: string
  readonly leaves: string
}

const TYP = ['typ.logout', 'id-token']

export const OURS: readonly AttackedServer[] = [
  // Told its issuer alone, as the README of tokens has it: it finds the keys by discovery.
  { name: 'Countersign, Express', start: (settings) => countersignExpress(remote(settings)), lacks: [] },
  { name: 'Countersign, Fastify', start: (settings) => countersignFastify(remote(settings)), lacks: [] },
]

export const PEERS: readonly AttackedPeer[] = [
  {
    name: 'express-jwt',
    start: expressJwt,
    lacks: ['scope.', 'crit', ...TYP],
    packages: ['express-jwt', 'jsonwebtoken'],
    file: 'express-jwt.ts',
    sections: ['Usage', 'Additional Options', 'Error handling'],
    configured: '`secret` (the public key), `algorithms`, `audience` and `issuer`, which it calls highly recommended',
    leaves:
      'Scopes are for the handler (its README shows that with `req.auth.admin`). `secret` as a function sees the header of the token: that is the place for own checks of `typ` and `crit`, which jsonwebtoken does not make. `exp` is checked where there is one, as its README says.',
  },
  {
    name: 'express-oauth2-jwt-bearer',
    // Told its issuer alone: it finds the keys by discovery.
    start: (settings) => oauth2Bearer.start(remote(settings)),
    lacks: [],
    packages: ['express-oauth2-jwt-bearer', 'jose'],
    file: 'express-oauth2-jwt-bearer.ts',
    sections: ['Library Initialization', 'API Reference'],
    configured: '`issuerBaseURL` and `audience`, and `requiredScopes` on the route',
    leaves:
      'The type of the token is checked with `strict: true`, which its types have and its README does not. It takes tokens from the query and from forms (RFC 6750 sections 2.2 and 2.3), and has no option against that.',
  },
  {
    name: 'passport-jwt',
    start: passportJwt,
    lacks: ['scope.', 'crit', ...TYP],
    packages: ['passport-jwt', 'jsonwebtoken'],
    file: 'passport-jwt.ts',
    sections: ['Configure Strategy', 'Authenticate requests'],
    configured:
      '`secretOrKey`, `issuer`, `audience`, `fromAuthHeaderAsBearerToken()`, and `algorithms`, which the example leaves out and the list of options has',
    leaves:
      'Scopes are for the `verify` callback or the handler. `secretOrKeyProvider` gets the raw token: that is the place for own checks of its header. The callback of this server takes every subject; one that looks its user up refuses a token without.',
  },
  {
    name: '@fastify/jwt',
    start: fastifyJwt.start,
    lacks: ['scope.'],
    packages: ['@fastify/jwt', 'fast-jwt'],
    file: 'fastify-jwt.ts',
    sections: ['Usage', 'Verify-only mode', 'Default options', 'fastify.jwt.options', 'verify'],
    configured: '`secret: { public }` and `verify: { algorithms, allowedIss, allowedAud }`, in an `onRequest` hook',
    leaves:
      '`allowedIss` and `allowedAud` are asked of tokens that have these claims; that a token must have them is another option, `requiredClaims`, of the fast-jwt README that its own points to. `checkTyp` works on `verify`, and is described for `decode` alone. Some errors of fast-jwt have no status in it, and come out as 500: nobody gets in by that. Scopes are for the handler.',
  },
  {
    name: '@fastify/bearer-auth',
    start: bearerAuth,
    lacks: [],
    noTokens: 'it compares a header with a set of fixed keys and never looks into one',
    packages: ['@fastify/bearer-auth'],
    file: 'fastify-bearer-auth.ts',
    sections: ['Example'],
    configured: '`keys`, a set with one key (the good token, which is as good a text as any)',
    leaves: 'Who the caller is, what the key may, until when it lasts: all of it is for whoever keeps the keys.',
  },
]

export interface MoreOptions extends AttackedServer {
  /** Whose column it is compared with. */
  readonly than: string
  readonly where: string
}

/** The same servers with options that their READMEs do not show in the form above, and that close something. */
export const WITH_MORE: readonly MoreOptions[] = [
  {
    name: '`strict: true`',
    than: 'express-oauth2-jwt-bearer',
    where: 'of its types',
    start: (settings) => oauth2Bearer.serve(remote(settings), { strict: true }),
    lacks: [],
  },
  {
    name: "`verify: { requiredClaims: ['iss', 'aud', 'exp', 'sub'], checkTyp: 'at+jwt' }`",
    than: '@fastify/jwt',
    where: 'of the README and the types of fast-jwt',
    start: (settings) =>
      fastifyJwt.serve(settings, { requiredClaims: ['iss', 'aud', 'exp', 'sub'], checkTyp: 'at+jwt' }),
    lacks: ['scope.'],
  },
]

/** Without the key: the issuer's discovery document and key set tell it. */
function remote({ publicKey: _, publicJwk: _jwk, jwksUrl: _url, ...rest }: Parameters<Start>[0]) {
  return rest
}
