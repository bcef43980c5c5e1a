import { EXIT } from './exit.ts'
import { authorizationOf, headersFrom, rawHeaders } from './header.ts'
import { loadPolicy, type PolicyQuestion } from './load-policy.ts'
import { tree } from './tree.ts'

interface Options extends PolicyQuestion {
  readonly header?: readonly string[]
  readonly method: string
  readonly url: string
  readonly json?: boolean
}

/** What the policy makes of a request with this token: its own `explain`, printed. */
export async function explain(token: string | undefined, options: Options) {
  const policy = await loadPolicy(options)
  const lines = [
    ...(token === undefined ? [] : ['Authorization', authorizationOf(token)]),
    ...rawHeaders(options.header),
  ]
  const { method, url } = options
  const request = {
    headers: headersFrom(lines),
    rawHeaders: lines,
    method,
    url,
    socket: { remoteAddress: '127.0.0.1' },
  }
  const explanation = await policy.explain(request)
  return {
    text: options.json ? `${JSON.stringify(explanation)}\n` : tree(explanation),
    exit: explanation.passed ? EXIT.right : EXIT.wrong,
  }
}
