import { isAuthError } from '@countersign/http'
import type { TokenPrincipal } from '../claims.ts'
import { selectIssuer } from '../issuer-selection.ts'
import type { Jwk, VerificationKey } from '../key.ts'
import { audienceOption, numberOption, wrong } from '../options.ts'
import { keysAt, type RemoteCourse, type RemoteVerifier, remoteVerifier } from '../remote-course.ts'
import type { RemoteKeys } from '../remote-keys.ts'
import { verifiedTokens } from '../verifier.ts'
import {
  broken,
  clientOf,
  clientsOption,
  listClaim,
  type ProfileOptions,
  principalWith,
  profileTerms,
  textClaim,
  textsOption,
} from './profile.ts'

/** Says whether a tenant is a customer of yours. `tenant` is a GUID that a stranger wrote: look it up. */
export type AllowTenant = (tenant: string) => boolean | PromiseLike<boolean>

interface Common extends ProfileOptions {
  /** Application (client) id of this API, its App ID URI (`api://…`, for v1 tokens), or both in a list. */
  readonly audience: string | readonly string[]
  /** Takes tokens that carry neither a scope nor a role: any application of an allowed tenant can get one. */
  readonly dangerouslyAllowUnassigned?: boolean
}
/** Of one directory, or of several. Ids, not domain names. */
export type EntraIdOptions = Common &
  (
    | { readonly tenant: string; readonly tenants?: undefined; readonly recheck?: undefined }
    | {
        readonly tenant?: undefined
        readonly tenants: readonly string[] | AllowTenant
        /** Seconds after which the function is asked again about a tenant that it allowed: 300. */
        readonly recheck?: number
      }
  )

const MAKER = 'entraId'
const OWN = ['tenant', 'tenants', 'audience', 'recheck', 'dangerouslyAllowUnassigned']
const LOGIN = 'https://login.microsoftonline.com'
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** Tenants that are remembered, in two versions each. */
const TENANTS = 1000

type Version = '1.0' | '2.0'
const VERSIONS: Readonly<Record<Version, { issuerOf(tenant: string): string; readonly jwksUri: string }>> = {
  '1.0': {
    issuerOf: (tenant) => `https://sts.windows.net/${tenant}/`,
    jwksUri: `${LOGIN}/common/discovery/keys`,
  },
  '2.0': {
    issuerOf: (tenant) => `${LOGIN}/${tenant}/v2.0`,
    jwksUri: `${LOGIN}/common/discovery/v2.0/keys`,
  },
}

/** The tenant and version of an `iss`, if it is one. */
function readIssuer(iss: string): { readonly tenant: string; readonly version: Version } | undefined {
  const tenant = /[0-9a-f-]{36}/.exec(iss)?.[0] ?? ''
  if (!GUID.test(tenant)) return undefined
  const version = (['1.0', '2.0'] as const).find((one) => VERSIONS[one].issuerOf(tenant) === iss)
  return version && { tenant, version }
}

/**
 * Judges access tokens of Microsoft Entra ID, v1 and v2, of one tenant or of several: returns a verifier. `subject` is `oid`, which
 * stays the same in all applications; with `tenants` it is `tid/oid`. `scopes` are `scp`, of the user; `roles` are `roles`, also
 * of an application that calls for itself, which has no scopes. Refuses: an `iss` of a tenant that is not allowed; a `tid` that is
 * not the one in `iss`; another `ver` than that of `iss`; a key that Microsoft published for another tenant (its member
 * `issuer`); what names no client (`azp`, v1 `appid`: ID tokens); what has neither `scp` nor `roles`. Global cloud only. Throws a
 * TypeError for wrong options.
 */
export function entraId(options: EntraIdOptions): RemoteVerifier {
  const terms = profileTerms(MAKER, options, OWN, ['RS256'])
  const audience = audienceOption(MAKER, options.audience)
  const clients = clientsOption(MAKER, options.clients)
  const { dangerouslyAllowUnassigned: unassigned = false } = options
  if (typeof unassigned !== 'boolean') throw wrong(MAKER, 'dangerouslyAllowUnassigned', 'true or false')
  const { list, isAllowed } = tenantsOption(options)
  const recheck = numberOption(MAKER, 'recheck', options.recheck, 300, [1, 86_400])
  const isOne = options.tenant !== undefined
  const cache = terms.cache > 0 ? verifiedTokens(terms.cache, terms.leeway) : undefined
  const keys: Readonly<Record<Version, RemoteKeys>> = {
    '1.0': keysAt(terms, LOGIN, VERSIONS['1.0'].jwksUri),
    '2.0': keysAt(terms, LOGIN, VERSIONS['2.0'].jwksUri),
  }

  function profileOf(tenant: string, version: Version): RemoteCourse['profile'] {
    return (principal: TokenPrincipal) => {
      const { tid, ver, azp, appid, scp, roles, oid, uti } = principal.claims
      if (tid !== tenant) return broken.tenant(`tid ${tenant}, as in iss`, tid)
      if (ver !== version) return broken.version(`ver ${version}, as in iss`, ver)
      const client = version === '1.0' ? clientOf(appid, 'appid', clients) : clientOf(azp, 'azp', clients)
      if (isAuthError(client)) return client
      if (!unassigned && textClaim(scp) === undefined && !listClaim(roles)?.length)
        return broken.permission('a scope (scp) or a role (roles)')
      if (typeof oid !== 'string' || !GUID.test(oid)) return broken.subject('a claim oid', oid)
      return principalWith(principal, {
        subject: isOne ? oid : `${tenant}/${oid}`,
        // `scope` is none of Entra's claims.
        scopes: textClaim(scp)?.split(' ') ?? [],
        roles: listClaim(roles),
        id: textClaim(uti),
        client,
      })
    }
  }

  const { verify } = selectIssuer<true>({
    allowed(iss) {
      const read = readIssuer(iss)
      if (!read) return undefined
      const told = isAllowed(read.tenant)
      // Not 1, not a text: what is meant by them nobody knows.
      const only = (answer: boolean) => (answer === true ? true : undefined)
      return typeof told === 'object' ? Promise.resolve(told).then(only) : only(told)
    },
    verifierOf(issuer) {
      const { tenant, version } = readIssuer(issuer) as NonNullable<ReturnType<typeof readIssuer>>
      const profile = profileOf(tenant, version)
      return remoteVerifier(terms, { issuer, audience, keys: keysOf(tenant, keys[version]), cache, profile })
    },
    issuers: 2 * (list ? list.length : TENANTS),
    recheck: list ? Number.POSITIVE_INFINITY : recheck * 1000,
    remembered: cache,
  })

  return Object.freeze({
    ...(list && { issuers: Object.freeze(list.flatMap((tenant) => issuersOf(tenant))) }),
    verify,
    ready: async () => keys['2.0'].ready(),
  })
}

/** What keys of all tenants hold for one. A key that is published otherwise is another key, so what was found once stays judged. */
function keysOf(tenant: string, keys: RemoteKeys): RemoteCourse['keys'] {
  const issuers = issuersOf(tenant)
  const mine = (key: VerificationKey | undefined) => (key && isFor(keys.jwkOf(key), tenant, issuers) ? key : undefined)
  return {
    ready: keys.ready,
    holds: keys.holds,
    find(header) {
      const found = keys.find(header)
      return found instanceof Promise ? found.then(mine) : mine(found)
    },
  }
}

/** Microsoft writes `{tenantid}` where a key is for every tenant, and v2's form for v1 too; a key without `issuer` is for all. */
function isFor(jwk: Jwk | undefined, tenant: string, issuers: readonly string[]): boolean {
  const { issuer } = jwk ?? {}
  return issuer === undefined || (typeof issuer === 'string' && issuers.includes(issuer.replace('{tenantid}', tenant)))
}

function issuersOf(tenant: string): readonly string[] {
  return [VERSIONS['1.0'].issuerOf(tenant), VERSIONS['2.0'].issuerOf(tenant)]
}

function tenantsOption({ tenant, tenants }: EntraIdOptions): {
  readonly list: readonly string[] | undefined
  readonly isAllowed: AllowTenant
} {
  if ((tenant === undefined) === (tenants === undefined))
    throw wrong(MAKER, 'tenant', 'there, or tenants: one of the two')
  if (typeof tenants === 'function') return { list: undefined, isAllowed: tenants }
  const option = tenant === undefined ? 'tenants' : 'tenant'
  const hint = 'the directory (tenant) id, a GUID: common, organizations and domain names let others in or change'
  const list = textsOption(MAKER, option, tenant ?? tenants, hint).map((one) => one.toLowerCase())
  if (!list.every((one) => GUID.test(one))) throw wrong(MAKER, option, hint)
  return { list, isAllowed: (one) => list.includes(one) }
}
