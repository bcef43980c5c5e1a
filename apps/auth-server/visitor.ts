// A person without a browser: a cookie jar that follows redirects and fills in forms. For the many codes that attacks need;
// the pages themselves are looked at in Chromium.
import { createHash, randomBytes } from 'node:crypto'
import { DEMO, WEB } from './host.ts'

export const BACK = 'http://127.0.0.1:49152/callback'

export interface Pkce {
  readonly verifier: string
  readonly challenge: string
}
export function pkce(verifier = randomBytes(32).toString('base64url')): Pkce {
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** The parameters of a request for a code, as a good client sends them. */
export function asked(challenge: string, more: Readonly<Record<string, string | undefined>> = {}): URLSearchParams {
  const all = {
    client_id: WEB,
    redirect_uri: BACK,
    response_type: 'code',
    scope: 'openid posts:read',
    state: 'a-state-of-its-own',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  }
  return new URLSearchParams(Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined))
}

/** A form of a page: where it goes, and what stands in it. */
interface Form {
  readonly action: string
  readonly fields: URLSearchParams
}

export class Visitor {
  readonly #issuer: string
  readonly #jar = new Map<string, string>()
  constructor(issuer: string) {
    this.#issuer = issuer
  }

  /** One request with the cookies so far; no redirect is followed. */
  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(path, this.#issuer)
    const cookie = [...this.#jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...init.headers, ...(cookie && { cookie }) }
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';')
      const at = pair.indexOf('=')
      const isGone = attributes.some((one) => /^\s*(max-age=0|expires=thu, 01 jan 1970)/i.test(one))
      if (isGone) this.#jar.delete(pair.slice(0, at))
      else this.#jar.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return answer
  }

  /** Goes through sign-in and consent; gives the address at the client, or the page that it ends on. */
  async authorize(
    parameters: URLSearchParams,
    person: { username: string; password: string } = DEMO,
  ): Promise<URL | Response> {
    let answer = await this.ask(`/oauth/authorize?${parameters}`)
    for (let step = 0; step < 12; step++) {
      const location = answer.headers.get('location')
      if (location !== null) {
        const url = new URL(location, this.#issuer)
        if (url.origin !== this.#issuer) return url
        answer = await this.ask(`${url.pathname}${url.search}`)
        continue
      }
      const form = answer.status === 200 ? formIn(await answer.clone().text()) : undefined
      if (!form) return answer
      if (form.fields.has('username')) {
        form.fields.set('username', person.username)
        form.fields.set('password', person.password)
      } else form.fields.set('decision', 'allow')
      answer = await this.ask(form.action, { method: 'POST', body: form.fields })
    }
    return answer
  }

  /** A code, and what belongs to it. */
  async code(
    more: Readonly<Record<string, string | undefined>> = {},
    person = DEMO as { username: string; password: string },
  ) {
    const { verifier, challenge } = pkce()
    const back = await this.authorize(asked(challenge, more), person)
    const code = back instanceof URL ? back.searchParams.get('code') : null
    if (code === null) throw new Error(`no code: ${back instanceof URL ? back.search : await back.text()}`)
    return { code, verifier }
  }
}

function formIn(page: string): Form | undefined {
  const form = /<form method="post" action="([^"]*)">([\s\S]*?)<\/form>/.exec(page)
  if (!form) return undefined
  const fields = new URLSearchParams()
  for (const [input] of (form[2] as string).matchAll(/<input [^>]*>/g)) {
    const value = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(input)?.[1]
    fields.set(value('name') ?? '', value('value') ?? '')
  }
  return { action: form[1] as string, fields }
}
