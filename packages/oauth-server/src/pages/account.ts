import type { Answer } from '@countersign/http'
import { type Html, html } from './html.ts'
import { type ClientView, type Csrf, hidden, type Look, page, wordsOf } from './page.ts'
import { type Locale, scopeSays } from './words.ts'

/** Times are epoch seconds. */
export interface AccountPage {
  readonly look: Look
  readonly action: string
  readonly csrf: Csrf
  readonly account: string
  readonly sessions: readonly {
    readonly id: string
    readonly device?: string
    readonly client?: string
    readonly createdAt: number
    readonly lastUsedAt: number
    /** The one that looks at the page. */
    readonly current: boolean
  }[]
  readonly apps: readonly {
    readonly id: string
    readonly client: ClientView
    readonly scopes: readonly string[]
    readonly grantedAt: number
  }[]
}

/** Posts `end` with the id of a session, `everywhere`, or `disconnect` with the id of an app. */
export function accountPage({ look, action, csrf, account, sessions, apps }: AccountPage): Answer {
  const words = wordsOf(look)
  const button = (member: string, value: string, says: string, label: string): Html =>
    html`<form method="post" action="${action}">${hidden(csrf)}<button name="${member}" value="${value}" aria-label="${label}">${says}</button></form>`
  const session = ({ id, device, client, createdAt, lastUsedAt, current }: AccountPage['sessions'][number]) => {
    const name = current ? words.thisBrowser : (device ?? client ?? words.aBrowser)
    return html`<li><div><strong>${name}</strong><br>
<span class="soft">${words.since(time(createdAt, look.locale))}, ${words.lastUsed(time(lastUsedAt, look.locale))}</span></div>
${button('end', id, words.end, words.endOf(name))}</li>\n`
  }
  const app = ({ id, client, scopes, grantedAt }: AccountPage['apps'][number]) =>
    html`<li><div><strong>${client.name}</strong>${client.host !== undefined && html` <span class="soft">${client.host}</span>`}<br>
<span class="soft">${scopes.map((scope) => scopeSays(words, scope)).join(', ')}, ${words.since(time(grantedAt, look.locale))}</span></div>
${button('disconnect', id, words.disconnect, words.disconnectOf(client.name))}</li>\n`
  const body = html`<p>${words.signedInAs(account)}</p>
<h2 id="sessions">${words.sessions}</h2>
${sessions.length === 0 ? html`<p>${words.noSessions}</p>` : html`<ul class="rows" aria-labelledby="sessions">${sessions.map(session)}</ul>`}
<form method="post" action="${action}">${hidden(csrf)}<button name="everywhere" value="1">${words.everywhere}</button></form>
<h2 id="apps">${words.apps}</h2>
${apps.length === 0 ? html`<p>${words.noApps}</p>` : html`<ul class="rows" aria-labelledby="apps">${apps.map(app)}</ul>`}`
  return page({ look, title: words.account, body, isWide: true })
}

/** In UTC: where the reader is nobody knows here, and no script may look. */
function time(seconds: number, locale: Locale): string {
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })
  return `${format.format(seconds * 1000)} UTC`
}
