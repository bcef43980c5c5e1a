import type { Answer } from '@countersign/http'
import { Html, html } from './html.ts'
import { STYLE, STYLE_SOURCE } from './style.ts'
import { type Locale, WORDS, type Words } from './words.ts'

/** Whose page it is, and in which language. */
export interface Look {
  readonly locale: Locale
  /** The name of the service, in titles. */
  readonly name?: string
}
/** The name of a hidden member of a form, where it is not `csrf`, and what it holds. */
export type Csrf = string | { readonly name: string; readonly value: string }

/** What a client says of itself; nobody has checked more than where it is. */
export interface ClientView {
  readonly name: string
  /** Of its own page, or of the place that it returns to. */
  readonly host?: string
  readonly policyUri?: string
  readonly tosUri?: string
}

interface Content {
  readonly look: Look
  readonly status?: number
  readonly title: string
  readonly body: Html
  readonly isWide?: boolean
  /** Where a form may lead besides here, after a redirect: URLs, of which the origin counts, or the scheme. */
  readonly redirects?: readonly string[]
}

/**
 * A whole page: HTML and its own style, no script, nothing from elsewhere. It can't be framed or kept, and its forms lead
 * here or to the client's own origin alone: Chromium holds `form-action` against the redirect that follows, too.
 */
export function page({ look, status = 200, title, body, isWide = false, redirects = [] }: Content): Answer {
  const whole = html`<!doctype html>
<html lang="${look.locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}${look.name !== undefined && ` · ${look.name}`}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main${isWide && html` class="wide"`}>
${look.name !== undefined && html`<p class="soft">${look.name}</p>`}
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`
  const bytes = new TextEncoder().encode(whole.text)
  const actions = ["'self'", ...new Set(redirects.flatMap(sourceOf))].join(' ')
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-length': `${bytes.length}`,
      'content-language': look.locale,
      vary: 'Accept-Language',
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; style-src ${STYLE_SOURCE}; form-action ${actions}; frame-ancestors 'none'; base-uri 'none'`,
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      // Not `no-referrer`: a form's POST would then come with `Origin: null`.
      'referrer-policy': 'same-origin',
    },
    body: bytes,
  }
}

export const wordsOf = ({ locale }: Look): Words => WORDS[locale]

export function hidden(csrf: Csrf): Html {
  const { name, value } = typeof csrf === 'string' ? { name: 'csrf', value: csrf } : csrf
  return html`<input type="hidden" name="${name}" value="${value}">`
}

/** What went wrong, read out at once by a screen reader. */
export function wrong(says: string | undefined): Html | false {
  return says !== undefined && html`<p class="wrong" role="alert" id="wrong">${says}</p>`
}

/** What a policy calls a URL: its origin or its scheme; nothing where that could say more in a policy than it should. */
export function sourceOf(redirect: string): readonly string[] {
  if (!URL.canParse(redirect)) return []
  const { protocol, origin } = new URL(redirect)
  const source = protocol === 'https:' || protocol === 'http:' ? origin : protocol
  return /^[a-z0-9.+:/[\]-]+$/i.test(source) ? [source] : []
}
