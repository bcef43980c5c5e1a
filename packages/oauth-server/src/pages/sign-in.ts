import type { Answer } from '@countersign/http'
import { html } from './html.ts'
import { type ClientView, type Csrf, hidden, type Look, page, wordsOf, wrong } from './page.ts'

export interface SignInPage {
  readonly look: Look
  readonly status?: number
  readonly action: string
  readonly csrf: Csrf
  readonly client: ClientView
  /** As it was typed. */
  readonly username?: string
  readonly error?: 'credentials' | 'busy' | 'expired' | 'limited'
  /** Whether there is a client to go back to. */
  readonly cancel: boolean
  readonly redirects?: readonly string[]
}

const ERRORS = { credentials: 'wrong', busy: 'busy', expired: 'expired', limited: 'limited' } as const

/** Posts `username`, `password`; or `cancel`. */
export function signInPage(view: SignInPage): Answer {
  const { look, action, csrf, client, username = '', error, cancel, ...rest } = view
  const words = wordsOf(look)
  const isWrong = error === 'credentials' && html` aria-invalid="true" aria-describedby="wrong"`
  const body = html`<p>${words.signInTo(client.name)}</p>
${wrong(error && words[ERRORS[error]])}
<form method="post" action="${action}">
${hidden(csrf)}
<label for="username">${words.username}</label>
<input id="username" name="username" value="${username}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="256" required${isWrong}${username === '' && html` autofocus`}>
<label for="password">${words.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" required${isWrong}${username !== '' && html` autofocus`}>
<div class="buttons">
<button class="main">${words.signIn}</button>
${cancel && html`<button name="cancel" value="1" formnovalidate>${words.cancel}</button>`}
</div>
</form>`
  return page({ look, title: words.signIn, body, ...rest })
}
