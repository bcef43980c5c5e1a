import { authError, checkOptions } from '@countersign/http'
import type { Claims } from '../claims.ts'
import type { Provider } from '../provider.ts'
import { optionError } from './option.ts'

export interface GoogleOptions {
  /** Google Workspace domains whose accounts may sign in (`hd`). Left out: every Google account. */
  readonly hostedDomain?: string | readonly string[]
}

const MAKER = 'google'
const DOMAIN = authError('access_denied', 'login.domain', { expected: 'hd: a hostedDomain' })

/**
 * Google. `subject` is `sub`, never an address: addresses are given to others. With `hostedDomain` the claim `hd` decides who may
 * sign in; the parameter `hd` alone only chooses what the account chooser shows. There is no sign-out at Google.
 */
export function google(options: GoogleOptions = {}): Provider {
  checkOptions(MAKER, options, ['hostedDomain'])
  const { hostedDomain } = options
  const domains = typeof hostedDomain === 'string' ? [hostedDomain] : hostedDomain
  const isText = (one: unknown) => typeof one === 'string' && one.includes('.')
  if (domains !== undefined && (!Array.isArray(domains) || domains.length === 0 || !domains.every(isText)))
    throw optionError(MAKER, 'hostedDomain', "a Google Workspace domain such as 'acme.com', or a list of them")
  const shown = domains && (domains.length === 1 ? domains[0] : '*')

  return Object.freeze({
    issuer: 'https://accounts.google.com',
    ...(shown !== undefined && { parameters: { hd: shown } }),
    offline: { parameters: { access_type: 'offline', prompt: 'consent' } },
    check: ({ hd }: Claims) => (domains && !(typeof hd === 'string' && domains.includes(hd)) ? DOMAIN : undefined),
  })
}
