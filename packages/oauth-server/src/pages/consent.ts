import type { Answer } from '@countersign/http'
import { html } from './html.ts'
import { type ClientView, type Csrf, hidden, type Look, page, wordsOf } from './page.ts'
import { scopeSays } from './words.ts'

export interface ConsentPage {
  readonly look: Look
  readonly action: string
  readonly csrf: Csrf
  readonly client: ClientView
  /** The user, by a name that they know. */
  readonly account: string
  /** What is asked for; `says` where the service has words of its own for it. */
  readonly scopes: readonly { readonly scope: string; readonly says?: string }[]
  /** What the scopes are for. */
  readonly resources: readonly string[]
  readonly redirects?: readonly string[]
}

/** Posts `decision`, `allow` or `deny`. */
export function consentPage(view: ConsentPage): Answer {
  const { look, action, csrf, client, account, scopes, resources, ...rest } = view
  const words = wordsOf(look)
  const { name, host, policyUri, tosUri } = client
  const body = html`<p>${words.signedInAs(account)}</p>
${host !== undefined && html`<p>${words.consentFor(name, host)}</p>`}
<h2 id="wants">${words.wants}</h2>
<ul aria-labelledby="wants">
${scopes.map(({ scope, says }) => html`<li>${scopeSays(words, scope, says)}</li>\n`)}</ul>
${resources.map((resource) => html`<p class="soft">${words.at(resource)}</p>\n`)}
${link(policyUri, words.policy)} ${link(tosUri, words.terms)}
<form method="post" action="${action}">
${hidden(csrf)}
<div class="buttons">
<button class="main" name="decision" value="allow">${words.allow}</button>
<button name="decision" value="deny">${words.deny}</button>
</div>
</form>`
  return page({ look, title: words.consent(name), body, ...rest })
}

function link(uri: string | undefined, says: string) {
  return uri?.startsWith('https://') === true && html`<a href="${uri}" rel="noreferrer noopener">${says}</a>`
}
