import { type Answer, isAuthError, isRefused, json, type RequestView, readBody, STATUS } from '@countersign/http'
import type { PasswordLogin } from '@countersign/passwords'
import type { Endpoint } from '@countersign/policy'
import type { LocalIssuer } from '@countersign/tokens'
import type { User } from './users.ts'

/** Since 2025 (RFC 9745): clients are to send people to /oauth/authorize. */
const HEADERS = { 'cache-control': 'no-store', deprecation: '@1735689600' }
const FORM = { types: ['application/x-www-form-urlencoded'], limit: 4096 }

/** `POST /token`, as the service before this one had it: a form with a password for a token. What OAuth 2.1 has no grant for. */
export function legacyPasswordToken(own: LocalIssuer, users: PasswordLogin<User>): Endpoint {
  const refused = (status: number, error: string, error_description: string): Answer =>
    json(status, { error, error_description }, HEADERS)
  return {
    method: 'POST',
    path: '/token',
    async handle(request: RequestView) {
      const body = await readBody(request, FORM)
      if (isAuthError(body)) return refused(STATUS[body.code], 'invalid_request', body.detail)
      const form = new URLSearchParams(Buffer.from(body).toString())
      const [username, again] = form.getAll('username')
      const [password, twice] = form.getAll('password')
      if (username === undefined || password === undefined || again !== undefined || twice !== undefined)
        return refused(400, 'invalid_request', 'The form needs one username and one password.')
      try {
        const { access_token } = await own.issue(await users.require({ username, password }, request), {
          client: 'legacy-form',
        })
        return json(200, { access_token, token_type: 'bearer' }, HEADERS)
      } catch (thrown) {
        if (!isRefused(thrown) || thrown.status === 429) throw thrown
        return refused(400, 'invalid_grant', 'The user name or the password is wrong.')
      }
    },
  }
}
