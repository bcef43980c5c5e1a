import type { Answer } from '@countersign/http'
import { html } from './html.ts'
import { type ClientView, type Csrf, hidden, type Look, page, wordsOf } from './page.ts'

export interface SignOutPage {
  readonly look: Look
  readonly action: string
  readonly csrf: Csrf
  readonly client?: ClientView
  readonly account?: string
  readonly redirects?: readonly string[]
}

/** Posts `logout=yes`, or nothing, to stay. */
export function signOutPage({ look, action, csrf, client, account, ...rest }: SignOutPage): Answer {
  const words = wordsOf(look)
  const body = html`<p>${words.signOutSays(client?.name)}</p>
${account !== undefined && html`<p class="soft">${words.signedInAs(account)}</p>`}
<form method="post" action="${action}">
${hidden(csrf)}
<div class="buttons">
<button class="main" name="logout" value="yes">${words.end}</button>
<button>${words.stay}</button>
</div>
</form>`
  return page({ look, title: words.signOut, body, ...rest })
}

export function signedOutPage({ look }: { readonly look: Look }): Answer {
  const words = wordsOf(look)
  return page({ look, title: words.signedOut, body: html`<p>${words.signedOutSays}</p>` })
}
