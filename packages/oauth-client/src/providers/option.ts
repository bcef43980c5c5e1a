/** The TypeError for an option: which, and what it must be. */
export function optionError(maker: string, option: string, what: string): TypeError {
  return new TypeError(`${maker}: ${option} must be ${what}`)
}

const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/

/** A host name alone: no scheme, no path. */
export function domainOption(maker: string, domain: unknown, example: string): string {
  if (typeof domain === 'string' && DOMAIN.test(domain)) return domain
  throw optionError(maker, 'domain', `the domain alone, such as '${example}'`)
}
