import { authError, checkOptions, type Maybe } from '@countersign/http'
import { type Claims, textOf, textsOf } from '../claims.ts'
import type { Provider } from '../provider.ts'
import { optionError } from './option.ts'

/** Says whether people of a tenant may sign in. `tenant` is a GUID of a directory that anybody may own: look it up. */
export type AllowTenant = (tenant: string) => Maybe<boolean>

/** Of one directory, or of several. Ids, not domain names. */
export type EntraIdOptions =
  | { readonly tenant: string; readonly tenants?: undefined }
  | { readonly tenant?: undefined; readonly tenants: readonly string[] | AllowTenant }

const MAKER = 'entraId'
const LOGIN = 'https://login.microsoftonline.com'
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** The tenant that personal Microsoft accounts are in. */
const PERSONAL = '9188040d-6c67-4c5b-b112-36a304b66dad'
const TENANT = authError('access_denied', 'login.tenant', {
  expected: 'a tenant that may sign in, the same in tid and iss',
})
const SUBJECT = authError('access_denied', 'login.subject', { expected: 'oid: a GUID' })

/**
 * Microsoft Entra ID. `subject` is `oid`, which is the same in all applications; with `tenants` it is `tid/oid`. `roles` are the
 * app roles. Refuses people of other tenants than these: the `iss` of several is a pattern, so it alone keeps nobody out.
 * Throws a TypeError for wrong options.
 */
export function entraId(options: EntraIdOptions): Provider {
  checkOptions(MAKER, options, ['tenant', 'tenants'])
  const { tenant, tenants } = options ?? {}
  if ((tenant === undefined) === (tenants === undefined))
    throw optionError(MAKER, 'tenant', 'there, or tenants: one of the two')
  const isAllowed = typeof tenants === 'function' ? tenants : listed(tenant === undefined ? tenants : [tenant])
  // `organizations` keeps personal accounts out, which only a list that names their tenant lets in.
  const several = Array.isArray(tenants) && tenants.includes(PERSONAL) ? 'common' : 'organizations'
  const place = tenant?.toLowerCase() ?? several

  return Object.freeze({
    issuer: `${LOGIN}/${place}/v2.0`,
    offline: { scopes: ['offline_access'] },
    async check({ tid, iss, oid }: Claims) {
      if (typeof tid !== 'string' || !GUID.test(tid) || iss !== `${LOGIN}/${tid}/v2.0`) return TENANT
      if ((await isAllowed(tid)) !== true) return TENANT
      return typeof oid === 'string' && GUID.test(oid) ? undefined : SUBJECT
    },
    subjectOf: ({ tid, oid }: Claims) => textOf(tenant === undefined ? `${tid}/${oid}` : oid),
    rolesOf: ({ roles }: Claims) => textsOf(roles),
  })
}

function listed(tenants: unknown): AllowTenant {
  const hint = 'the directory (tenant) id, a GUID: common, organizations and domain names let others in or change'
  if (!Array.isArray(tenants) || tenants.length === 0)
    throw optionError(MAKER, 'tenants', `a list, or a function: ${hint}`)
  const list = tenants.map((one) => (typeof one === 'string' ? one.toLowerCase() : ''))
  if (!list.every((one) => GUID.test(one))) throw optionError(MAKER, 'tenant', hint)
  return (tenant) => list.includes(tenant)
}
