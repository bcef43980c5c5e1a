import { hash } from 'node:crypto'
import type { Answer, Headers } from '@countersign/http'
import type { Sent } from './koa-answer.ts'
import { sourceOf } from './pages/page.ts'

/** A page of oidc-provider's that a script would post at once. */
export interface AutoSubmitted {
  readonly action: string
  readonly inputs: readonly (readonly [name: string, value: string])[]
  readonly script: string
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'" }
const unescaped = (text: string) => text.replace(/&(#?\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole)

/** Such a page, taken apart; undefined for every other answer. */
export function autoSubmitted({ headers, body }: Answer): AutoSubmitted | undefined {
  if (!`${headers['content-type'] ?? ''}`.startsWith('text/html')) return undefined
  const text = Buffer.from(body).toString()
  const script = /<script>([^<]*document\.forms\[0\]\.submit\(\)[^<]*)<\/script>/.exec(text)?.[1]
  const action = /<form method="post" action="([^"]*)">/.exec(text)?.[1]
  if (script === undefined || action === undefined) return undefined
  const inputs = [...text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"\/>/g)]
  return {
    action: unescaped(action),
    script,
    inputs: inputs.map(([, name = '', value = '']) => [name, unescaped(value)]),
  }
}

/**
 * What becomes of it: a form to a place of ours is posted here and now, with no script and no page; one to a client
 * (`response_mode=form_post`) goes out under a policy that allows that script alone, to that place alone.
 */
export async function resolved(
  { action, inputs, script }: AutoSubmitted,
  answer: Answer,
  sent: Sent,
  own: string,
  run: (next: Sent) => Promise<Answer>,
): Promise<Answer> {
  const { pathname } = new URL(action)
  const isOurs = action.startsWith(`${own}/`) && !inputs.some(([name]) => name === 'code' || name === 'error')
  if (!isOurs) return { ...answer, headers: { ...answer.headers, ...policyFor(script, action) } }
  const cookies = setCookies(answer.headers)
  const headers = {
    ...sent.headers,
    cookie: merged(sent.headers.cookie, cookies),
    'content-type': 'application/x-www-form-urlencoded',
  }
  const body = Buffer.from(
    new URLSearchParams(inputs.map(([name, value]): [string, string] => [name, value])).toString(),
  )
  const next = await run({ method: 'POST', target: pathname, headers, body })
  const all = [...cookies, ...setCookies(next.headers)]
  const last = [...new Map(all.map((line) => [line.split('=', 1)[0], line])).values()]
  return last.length === 0 ? next : { ...next, headers: { ...next.headers, 'set-cookie': last } }
}

function policyFor(script: string, action: string): Headers {
  const source = `'sha256-${hash('sha256', script, 'base64')}'`
  const [target = "'none'"] = sourceOf(action)
  return {
    'content-security-policy': `default-src 'none'; script-src ${source}; form-action ${target}; frame-ancestors 'none'; base-uri 'none'`,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  }
}

function setCookies(headers: Headers): readonly string[] {
  const lines = headers['set-cookie']
  return lines === undefined ? [] : Array.isArray(lines) ? lines : [lines]
}

/** The cookies of a browser after an answer. */
function merged(cookie: string | undefined, lines: readonly string[]): string {
  const jar = new Map(
    (cookie ?? '')
      .split('; ')
      .filter(Boolean)
      .map((pair) => [pair.split('=', 1)[0], pair]),
  )
  for (const line of lines) {
    const [pair = ''] = line.split(';', 1)
    jar.set(pair.split('=', 1)[0], pair)
  }
  return [...jar.values()].join('; ')
}
