import { type Answer, checkOptions, messageOf, type RequestView } from '@countersign/http'
import { coveredRequest } from './covered-request.ts'
import { contentDigest, type DigestAlgorithm } from './digest.ts'
import { judgedLabel } from './http-signature.ts'
import { component, signer } from './make-signature.ts'
import { originOf } from './options.ts'
import { SIGNING_OPTIONS, type SigningOptions } from './signing-options.ts'

export interface SignAnswersOptions extends SigningOptions {
  /** What your API is called from outside, as for `httpSignature`. */
  readonly origin: string
  /** Of the body: `sha-256`. */
  readonly digest?: DigestAlgorithm
}

const REQ = [['req', true]] as const

/**
 * Gives a function that signs an answer (RFC 9421): its status, its body by `Content-Digest`, its type, and the request that it answers, with
 * the signature of that request where `httpSignature` let it pass. So it is an answer to nothing else.
 */
export function signAnswers(options: SignAnswersOptions): (answer: Answer, request: RequestView) => Answer {
  const maker = 'signAnswers()'
  checkOptions(maker, options, [...SIGNING_OPTIONS, 'origin', 'digest'])
  const origin = originOf(maker, options?.origin)
  const { sign } = signer(maker, options)
  const { digest = 'sha-256' } = options
  contentDigest('', digest)

  return ({ status, headers: given, body }, request) => {
    const { signature: _signature, 'signature-input': _input, 'content-digest': _digest, ...rest } = given
    const headers = { ...rest, ...(body.length > 0 && { 'content-digest': contentDigest(body, digest) }) }
    const label = judgedLabel(messageOf(request))
    const covered = { status, rawHeaders: linesOf(headers), request: coveredRequest(request, origin) }
    const fields = sign(covered, [
      component('@status'),
      ...['content-digest', 'content-type'].filter((name) => name in headers).map((name) => component(name)),
      component('@method', REQ),
      component('@target-uri', REQ),
      ...(label === undefined ? [] : [component('signature', [...REQ, ['key', label]])]),
    ])
    return { status, headers: { ...headers, ...fields }, body }
  }
}

function linesOf(headers: Answer['headers']): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap((line) => [name, line]))
}
