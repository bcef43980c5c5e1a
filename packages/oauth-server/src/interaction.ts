import { type Answer, empty, isRefused, isUnavailable } from '@countersign/http'
import type { Client, InteractionResults, Provider } from 'oidc-provider'
import { formToken, isOwnForm } from './form-token.ts'
import type { Incoming } from './incoming.ts'
import type { Pair } from './koa-answer.ts'
import { viewOf } from './look.ts'
import type { Models } from './models.ts'
import { type Account, IDENTITY, type Setup } from './options.ts'
import { askedLocale, consentPage, errorPage, type Look, signInPage } from './pages/pages.ts'
import { grantScopes } from './provider.ts'

/** What a page of ours works with. */
export interface PageCall {
  readonly setup: Setup
  readonly models: Models
  readonly provider: Provider
  readonly secret: Uint8Array
  readonly request: Incoming
  readonly pair: Pair
  readonly look: Look
  /** Undefined: it was asked for with GET. */
  readonly form: URLSearchParams | undefined
}

type Details = Awaited<ReturnType<Provider['interactionDetails']>>
const DENIED = { error: 'access_denied', error_description: 'the user said no' }

/** `GET` and `POST /oauth/interaction/:id`: signing in, and consenting. */
export async function interaction(call: PageCall, id: string): Promise<Answer> {
  const { provider, pair, look } = call
  let details: Details
  try {
    details = await provider.interactionDetails(pair.request, pair.response)
  } catch (error) {
    if ((error as { readonly error?: unknown })?.error !== 'invalid_request') throw error
    return errorPage({
      look,
      status: 400,
      code: 'session_expired',
      says: 'this page is over, or belongs to another browser',
    })
  }
  const client = await provider.Client.find(String(details.params.client_id))
  if (details.uid !== id || !client)
    return errorPage({ look, status: 400, code: 'session_expired', says: 'this page is over' })
  const { ui_locales: asked } = details.params
  const own = { ...call, look: { ...look, locale: askedLocale(asked) ?? look.locale } }
  const kind = details.prompt.name === 'consent' ? consent : signIn
  const token = formToken(call.secret, 'interaction', details.uid)
  if (call.form && !isOwnForm(call.request, call.form.get('csrf'), token))
    return errorPage({ look: own.look, status: 403, code: 'forbidden', says: 'this form did not come from this page' })
  return kind(own, details, client, token)
}

async function signIn(call: PageCall, details: Details, client: Client, csrf: string): Promise<Answer> {
  const { setup, look, form } = call
  const { login_hint: hint } = details.params
  const username = form?.get('username') ?? (typeof hint === 'string' ? hint : '')
  const page = (status: number, error?: 'credentials' | 'busy' | 'limited', headers = {}): Answer => {
    const answer = signInPage({
      look,
      status,
      action: `${setup.base}/interaction/${details.uid}`,
      csrf,
      client: viewOf(client, details.params.redirect_uri),
      cancel: true,
      redirects: redirectsOf(details),
      ...(username !== '' && { username: username.slice(0, 256) }),
      ...(error !== undefined && { error }),
    })
    return { ...answer, headers: { ...answer.headers, ...headers } }
  }
  if (!form) return page(200)
  if (form.has('cancel')) return finish(call, details, DENIED)
  try {
    const { subject } = await setup.users.require({ username, password: form.get('password') ?? '' }, call.request)
    await forgetOther(call, details, subject)
    return await finish(call, details, { login: { accountId: subject, amr: ['pwd'] } })
  } catch (thrown) {
    if (isUnavailable(thrown)) return page(503, 'busy', { 'retry-after': `${thrown.retryAfter}` })
    if (!isRefused(thrown)) throw thrown
    if (thrown.status === 429) return page(429, 'limited', retryOf(thrown.headers))
    // 200, as browsers and password managers know it of forms: a 401 would need a challenge (RFC 9110 section 15.5.2).
    return page(200, 'credentials')
  }
}

function retryOf(headers: Readonly<Record<string, string | string[]>>) {
  const retry = headers['retry-after']
  return retry === undefined ? {} : { 'retry-after': retry }
}

/** Somebody else was signed in on this browser: their session ends, or oidc-provider would mix the two. */
async function forgetOther({ provider, models }: PageCall, details: Details, subject: string): Promise<void> {
  const { session } = details
  if (session?.accountId === undefined || session.accountId === subject) return
  const other = session.uid === undefined ? undefined : await provider.Session.findByUid(session.uid)
  if (other?.jti) await models.adapter('Session').destroy(other.jti)
  delete (details as { session?: unknown }).session
  await details.save(details.exp - Math.floor(Date.now() / 1000))
}

interface Missing {
  readonly missingOIDCScope?: readonly string[]
  readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>
}

async function consent(call: PageCall, details: Details, client: Client, csrf: string): Promise<Answer> {
  const { setup, provider, look, form } = call
  const subject = details.session?.accountId
  const account = subject === undefined ? undefined : await setup.account(subject)
  if (subject === undefined || !account) return finish(call, details, DENIED)
  const { missingOIDCScope = [], missingResourceScopes = {} } = details.prompt.details as Missing
  const wanted = [...new Set([...missingOIDCScope, ...Object.values(missingResourceScopes).flat()])]
  const resources = Object.keys(missingResourceScopes)
  if (!form) {
    const asked = String(details.params.scope ?? '').split(' ')
    // A native client asks again for what it has (RFC 8252 section 8.6): then all of it is shown.
    const isAgain = wanted.length === 0
    const shown = (isAgain ? asked : wanted).filter((scope) => mayHave(account, scope))
    const isOfResource = shown.some((scope) => !IDENTITY.includes(scope))
    return consentPage({
      look,
      action: `${setup.base}/interaction/${details.uid}`,
      csrf,
      client: viewOf(client, details.params.redirect_uri),
      account: nameOf(account, subject),
      scopes: shown.map((scope) => ({ scope })),
      redirects: redirectsOf(details),
      resources: isAgain && isOfResource ? [details.params.resource ?? []].flat().map(String) : resources,
    })
  }
  if (form.get('decision') !== 'allow') return finish(call, details, DENIED)
  const known = details.grantId === undefined ? undefined : await provider.Grant.find(details.grantId)
  const grant = known?.accountId === subject && known.clientId === client.clientId ? known : undefined
  const given = grant ?? new provider.Grant({ accountId: subject, clientId: client.clientId })
  grantScopes(given, account, wanted, resources)
  return finish(call, details, { consent: { grantId: await given.save() } })
}

const mayHave = (account: Account, scope: string) =>
  scope !== '' && (IDENTITY.includes(scope) || account.scopes.includes(scope))

/** How people know themselves. */
export function nameOf(account: Account, subject: string): string {
  const { preferred_username: short, email, name } = account.claims ?? {}
  const known = [short, email, name].find((one) => typeof one === 'string' && one !== '')
  return typeof known === 'string' ? known : subject
}

/** Where the form may lead: Chromium holds `form-action` against the redirects that follow. */
function redirectsOf({ params }: Details): readonly string[] {
  return typeof params.redirect_uri === 'string' ? [params.redirect_uri] : []
}

async function finish({ provider, pair }: PageCall, _details: Details, result: InteractionResults): Promise<Answer> {
  const next = await provider.interactionResult(pair.request, pair.response, result, { mergeWithLastSubmission: true })
  return empty(303, { location: next, 'cache-control': 'no-store', 'content-length': '0' })
}
