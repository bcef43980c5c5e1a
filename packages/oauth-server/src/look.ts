import type { Answer } from '@countersign/http'
import type { Client, KoaContextWithOIDC } from 'oidc-provider'
import { askedLocale, type ClientView, type Look, localeOf } from './pages/pages.ts'

/** The language and the service's name for a page. What the client asked for (`ui_locales`) goes before the browser's wish. */
export function lookOf(acceptLanguage: string | undefined, name: string | undefined, uiLocales?: unknown): Look {
  return { locale: askedLocale(uiLocales) ?? localeOf(acceptLanguage), ...(name !== undefined && { name }) }
}

/**
 * A client as people see it: what it calls itself, and where it really is. That is where it is sent to (`redirect`), or where
 * its document came from; never what it says of itself.
 */
export function viewOf(client: Client, redirect?: unknown): ClientView {
  const { clientId, clientName, policyUri, tosUri } = client
  const known = typeof redirect === 'string' ? redirect : client.redirectUris?.[0]
  const place = [clientId, known].find((uri) => uri !== undefined && URL.canParse(uri))
  const host = place === undefined ? undefined : new URL(place).host
  return {
    name: clientName ?? clientId,
    ...(host && { host }),
    ...(policyUri !== undefined && { policyUri }),
    ...(tosUri !== undefined && { tosUri }),
  }
}

/** Makes a page the answer of a Koa context. */
export function show(ctx: KoaContextWithOIDC, { status, headers, body }: Answer): void {
  ctx.status = status
  for (const [name, value] of Object.entries(headers)) ctx.set(name, value)
  ctx.body = Buffer.from(body)
}
