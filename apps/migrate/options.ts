// Which options each library has: read from what is installed.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { declaredBy, readFrom } from './declared.ts'

const require = createRequire(import.meta.url)

/** A folder of an installed package; `by`: the package through which it is installed. */
function folderOf(name: string, by?: string): string {
  const from = by === undefined ? require : createRequire(require.resolve(by))
  const entry = from.resolve.paths(name)?.map((path) => join(path, name)) ?? []
  const folder = entry.find((path) => isPackage(path))
  if (folder === undefined) throw new Error(`${name} is not installed`)
  return folder
}
function isPackage(folder: string): boolean {
  try {
    return readFileSync(join(folder, 'package.json')).length > 0
  } catch {
    return false
  }
}
const read = (name: string, file: string, by?: string) => readFileSync(join(folderOf(name, by), file), 'utf8')

interface Source {
  readonly of: string
  /** Types and the name that stands before their members. What a type refers to must be one of these, or in `not`. */
  readonly types: readonly (readonly [type: string, prefix: string])[]
  /** Types of values, which have no options. */
  readonly not?: readonly string[]
}

function namesIn({ of, types, not = [] }: Source): readonly string[] {
  return types.flatMap(([type, prefix]) => {
    const { names, refers } = declaredBy(of, type)
    const lost = refers.filter((name) => !not.includes(name) && !types.some(([other]) => other === name))
    if (lost.length > 0) throw new Error(`${type} has the options of ${lost.join(', ')} too: read them in options.ts`)
    return names.map((name) => `${prefix}${name}`)
  })
}

const verifyOptions = (prefix: string) =>
  namesIn({ of: read('@types/jsonwebtoken', 'index.d.ts'), types: [['VerifyOptions', prefix]] })
const valuesOf = (name: string) => Object.keys(require(name)).filter((value) => value !== 'default')

function expressJwt(): readonly string[] {
  return [
    ...namesIn({ of: read('express-jwt', 'dist/index.d.ts'), types: [['Params', '']], not: ['VerifyOptions'] }),
    ...verifyOptions(''),
    ...namesIn({
      of: read('express-unless', 'dist/index.d.ts', 'express-jwt'),
      types: [
        ['Params', 'unless.'],
        ['Path', 'unless.path.'],
      ],
      not: ['RequestChecker'],
    }),
    ...valuesOf('express-jwt'),
  ]
}

function expressOauth2(): readonly string[] {
  return [
    ...namesIn({
      of: read('express-oauth2-jwt-bearer', 'dist/index.d.ts'),
      types: [
        ['AuthOptions', ''],
        ['AuthOptions$1', ''],
        ['JwtVerifierOptions', ''],
        ['DPoPOptions', 'dpop.'],
        ['MtlsOptions', 'mtls.'],
        ['MCDOptions', 'mcd.'],
        ['AsymmetricIssuerConfig', 'mcd.issuers.'],
        ['SymmetricIssuerConfig', 'mcd.issuers.'],
        ['Validators', 'validators.'],
        ['VerifyJwtResult', 'req.auth.'],
      ],
    }),
    ...valuesOf('express-oauth2-jwt-bearer'),
    ...readFrom(read('express-oauth2-jwt-bearer', 'dist/index.js'), 'process\\.env').filter(
      (name) => name !== 'NODE_ENV',
    ),
  ]
}

function passportJwt(): readonly string[] {
  const { ExtractJwt } = require('passport-jwt') as { ExtractJwt: object }
  const passport = ['middleware/authenticate.js', 'http/request.js', 'sessionmanager.js'].map((file) =>
    read('passport', `lib/${file}`),
  )
  return [
    ...readFrom(read('passport-jwt', 'lib/strategy.js'), 'options'),
    ...verifyOptions('jsonWebTokenOptions.'),
    ...Object.keys(ExtractJwt).map((name) => `ExtractJwt.${name}`),
    ...readFrom(read('passport-jwt', 'lib/extract_jwt.js'), 'options').map(
      (name) => `ExtractJwt.versionOneCompatibility.${name}`,
    ),
    ...passport.flatMap((source) => readFrom(source, 'options')).map((name) => `authenticate.${name}`),
  ]
}

function fastifyJwt(): readonly string[] {
  const types = read('@fastify/jwt', 'types/index.d.ts')
  return [
    ...namesIn({
      of: types,
      types: [
        ['FastifyJWTOptions', ''],
        ['Secret', 'secret.'],
        ['SignOptions', 'sign.'],
        ['VerifyOptions', 'verify.'],
        ['JWT', 'fastify.jwt.'],
        ['FastifyReply', 'reply.'],
        ['FastifyRequest', 'request.'],
      ],
      not: ['SignerOptions', 'VerifierOptions', 'KeyFetcher', 'FastifyRequest', 'TokenOrHeader', 'Error'],
    }),
    ...namesIn({
      of: read('fast-jwt', 'src/index.d.ts', '@fastify/jwt'),
      types: [
        ['SignerOptions', 'sign.'],
        ['VerifierOptions', 'verify.'],
        ['DecoderOptions', 'decode.'],
      ],
    }),
  ]
}

interface FlaskOptions {
  readonly extracted: { readonly from: string; readonly names: readonly string[] }
  readonly later: readonly { readonly name: string }[]
}
/** Flask-JWT-Extended is no package of npm: see the file for where its list comes from. */
export const FLASK: FlaskOptions = JSON.parse(readFileSync(join(import.meta.dirname, 'flask-options.json'), 'utf8'))

/** By the name of the page. */
export const OPTIONS: Readonly<Record<string, () => readonly string[]>> = {
  'express-jwt': expressJwt,
  'express-oauth2-jwt-bearer': expressOauth2,
  'passport-jwt': passportJwt,
  'fastify-jwt': fastifyJwt,
  'flask-jwt-extended': () => [...FLASK.extracted.names, ...FLASK.later.map(({ name }) => name)],
}

/** Where a library's own version stands, to be compared with the page. */
export const versionOf = (name: string): string => JSON.parse(read(name, 'package.json')).version
