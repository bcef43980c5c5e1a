import type { Answer } from '@countersign/http'
import { html } from './html.ts'
import { type Look, page, wordsOf } from './page.ts'

export interface ErrorPage {
  readonly look: Look
  readonly status: number
  /** As the RFC names it, for the client's developer. */
  readonly code: string
  /** For the client's developer, in English. */
  readonly says?: string
}

/** What a person can do about it, and beneath it what their developer wants to know. Leads nowhere. */
export function errorPage({ look, status, code, says }: ErrorPage): Answer {
  const words = wordsOf(look)
  const known = Object.hasOwn(words.errorSays, code) ? words.errorSays[code] : undefined
  const body = html`<p>${known ?? words.errorOther}</p>
<p class="soft" lang="en"><code>${code}</code>${says !== undefined && `: ${says}`}</p>`
  return page({ look, status, title: words.error, body })
}
