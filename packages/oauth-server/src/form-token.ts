import { createHmac, timingSafeEqual } from 'node:crypto'
import { headerLines, messageOf } from '@countersign/http'
import type { Incoming } from './incoming.ts'

/** A token for the forms of one page: bound to what the browser's cookie says (an interaction, a session). */
export function formToken(secret: Uint8Array, page: string, bound: string): string {
  return createHmac('sha256', secret).update(`${page}\n${bound}`).digest('base64url')
}

/** Whether a form that was posted is one of ours, from a page of ours. */
export function isOwnForm(request: Incoming, given: string | null, token: string): boolean {
  const site = headerLines(messageOf(request), 'sec-fetch-site')
  if (site.some((one) => one !== 'same-origin')) return false
  const [mine, theirs] = [Buffer.from(token), Buffer.from(given ?? '')]
  return mine.length === theirs.length && timingSafeEqual(mine, theirs)
}
