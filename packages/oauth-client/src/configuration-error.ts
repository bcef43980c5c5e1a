import { ClientError, ResponseBodyError } from 'openid-client'
import { memberOf } from './claims.ts'

/** Who has to mend what a provider does not take. */
export interface Configured {
  /** Whose options they are: `oauthClient`, `serviceFetch`. */
  readonly maker: string
  readonly issuer: string
  readonly clientId: string
  /** The option that the client proves itself with; left out: a public client. */
  readonly proof?: 'clientSecret' | 'clientKey'
}

/** What to mend, by the code of a token endpoint (RFC 6749 section 5.2, RFC 8707 section 2). */
const MEND: Readonly<Record<string, (of: Configured) => string>> = {
  invalid_client: ({ clientId, proof }) =>
    proof === undefined
      ? `the provider wants clientSecret (or clientKey) for clientId ${clientId}`
      : `${proof} is not what the provider knows for clientId ${clientId}`,
  unauthorized_client: ({ clientId }) => `the provider does not let clientId ${clientId} ask for this`,
  invalid_scope: () => 'scopes has one that the provider does not give',
  invalid_target: () => 'the provider gives no tokens for resource',
}

/**
 * A fault of the configuration, for the log: the option to mend, the provider's code and its `error_description`. Its `cause`
 * has the words alone: what openid-client throws holds whole answers, with tokens in them.
 */
export function configurationError(of: Configured, error: unknown): Error {
  const { maker, issuer } = of
  return new Error(`${maker}: the provider ${issuer} cannot be used as configured: ${whyOf(of, error)}`, {
    cause: wordsOf(error),
  })
}

function whyOf(of: Configured, error: unknown): string {
  if (error instanceof ResponseBodyError) {
    const mend = Object.hasOwn(MEND, error.error) ? `: ${MEND[error.error]?.(of)}` : ''
    const said = error.error_description ? ` (${printable(error.error_description)})` : ''
    return `${printable(error.error)}${mend}${said}`
  }
  const { code, cause, message } = (error ?? {}) as { code?: unknown; cause?: unknown; message?: unknown }
  if (error instanceof ClientError && memberOf(cause, 'attribute') === 'issuer')
    return `issuer: asked for ${of.issuer}, the document says ${printable(memberOf(memberOf(cause, 'body'), 'issuer'))}`
  return printable(code ?? (cause instanceof Error ? cause.message : message))
}

function wordsOf(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined
  const { name, message, code } = error as Error & { readonly code?: unknown }
  const words = new Error(printable(message))
  return Object.assign(words, {
    name,
    ...(typeof code === 'string' && { code }),
    ...(error instanceof ResponseBodyError && { status: error.status, error: printable(error.error) }),
  })
}

/** Bounded, one line, nothing that a terminal would obey: others wrote it. */
export function printable(text: unknown): string {
  return `${text}`.slice(0, 300).replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]+/gu, ' ')
}
