import { createHmac, createSecretKey, KeyObject } from 'node:crypto'
import type { ChainHead } from './sink.ts'

export interface ChainOptions {
  /** At least 32 bytes: a text (its UTF-8 bytes), bytes, or a secret `KeyObject`. Whoever has it can write another log. */
  readonly key: string | Uint8Array | KeyObject
}

const LEAST = 32

export interface Chain {
  /** Of the key: eight characters that do not tell it. */
  readonly keyId: string
  /** The line with its place in the chain, and what the next one follows. `text`: a JSON object. */
  link(text: string, after: ChainHead | undefined): { readonly line: string; readonly head: ChainHead }
}

/**
 * A chain of lines: each ends with its number, the id of the key, and the HMAC-SHA-256 over the HMAC of the line before, a line
 * feed, and its own bytes up to the member `mac`. Throws a TypeError for a key that is none or too short.
 */
export function chainBy(options: ChainOptions): Chain {
  const key = keyOf(options?.key)
  const keyId = hmac(key, 'countersign audit key').slice(0, 8)
  return {
    keyId,
    link(text, after) {
      const seq = after ? after.seq + 1 : 0
      const covered = `${text.slice(0, -1)},"seq":${seq},"key":"${keyId}"`
      const mac = hmac(key, `${after?.mac ?? ''}\n${covered}`)
      return { line: `${covered},"mac":"${mac}"}`, head: { seq, mac } }
    },
  }
}

const LINKED = /^\{.*,"seq":(\d{1,15}),"key":"[\w-]{8}","mac":"([\w-]{43})"\}$/

/** Where a line stands in a chain; `undefined` when it has no place in one. */
export function placeOf(line: string): ChainHead | undefined {
  const [, seq, mac] = LINKED.exec(line) ?? []
  return mac === undefined ? undefined : { seq: Number(seq), mac }
}

function hmac(key: KeyObject, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url')
}

function keyOf(key: unknown): KeyObject {
  const made =
    key instanceof KeyObject
      ? key
      : typeof key === 'string' || key instanceof Uint8Array
        ? createSecretKey(typeof key === 'string' ? Buffer.from(key) : key)
        : undefined
  if (made?.type !== 'secret' || (made.symmetricKeySize ?? 0) < LEAST)
    throw new TypeError(
      `chain: \`key\` must be at least ${LEAST} bytes, as a text, a Uint8Array or a secret KeyObject: openssl rand -base64 32`,
    )
  return made
}
