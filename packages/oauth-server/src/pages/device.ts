import type { Answer } from '@countersign/http'
import { html } from './html.ts'
import { type ClientView, type Csrf, hidden, type Look, page, wordsOf, wrong } from './page.ts'

export interface DeviceCodePage {
  readonly look: Look
  readonly status?: number
  readonly action: string
  readonly csrf: Csrf
  readonly userCode?: string
  readonly error?: 'unknown' | 'expired' | 'missing'
}

const ERRORS = { unknown: 'codeUnknown', expired: 'codeExpired', missing: 'codeMissing' } as const

/** Posts `user_code` (RFC 8628 section 3.3). */
export function deviceCodePage({ look, action, csrf, userCode = '', error, ...rest }: DeviceCodePage): Answer {
  const words = wordsOf(look)
  const body = html`<p>${words.deviceSays}</p>
${wrong(error && words[ERRORS[error]])}
<form method="post" action="${action}">
${hidden(csrf)}
<label for="code">${words.deviceCode}</label>
<input class="code" id="code" name="user_code" value="${userCode}" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="64" required autofocus${error !== undefined && html` aria-invalid="true" aria-describedby="wrong"`}>
<div class="buttons"><button class="main">${words.next}</button></div>
</form>`
  return page({ look, title: words.device, body, ...rest })
}

export interface DeviceConfirmPage {
  readonly look: Look
  readonly action: string
  readonly csrf: Csrf
  readonly client: ClientView
  readonly userCode: string
  /** What the device says that it is. */
  readonly device?: string
}

/** Posts `user_code` with `confirm`, or `abort`: the user compares the codes, since a link may hold another's. */
export function deviceConfirmPage({ look, action, csrf, client, userCode, device }: DeviceConfirmPage): Answer {
  const words = wordsOf(look)
  const body = html`<p>${words.deviceCompare}</p>
<p><strong>${userCode}</strong></p>
${device !== undefined && html`<p class="soft">${words.deviceFrom(device)}</p>`}
<form method="post" action="${action}">
${hidden(csrf)}
<input type="hidden" name="user_code" value="${userCode}">
<div class="buttons">
<button class="main" name="confirm" value="yes">${words.deviceYes}</button>
<button name="abort" value="yes">${words.deviceNo}</button>
</div>
</form>`
  return page({ look, title: words.deviceConfirm(client.name), body })
}

export function deviceDonePage({ look, client }: { readonly look: Look; readonly client: ClientView }): Answer {
  const words = wordsOf(look)
  return page({ look, title: words.deviceDone, body: html`<p>${words.deviceDoneSays(client.name)}</p>` })
}
