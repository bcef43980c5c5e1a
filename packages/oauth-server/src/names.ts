import { createHmac, hash, timingSafeEqual } from 'node:crypto'

/** Where things lie in the store. What opens a door (codes, tokens, session ids) is only ever part of a key as its SHA-256. */
export interface Names {
  readonly row: (model: string, id: string) => string
  readonly ofDigest: (model: string, digest: string) => string
  readonly uid: (uid: string) => string
  readonly userCode: (userCode: string) => string
  /** Rows that name what a subject has: its grants, its sessions. */
  readonly ofSubject: (model: string, subject: string) => string
  readonly secret: string
}

export const digestOf = (text: string): string => hash('sha256', text, 'base64url')

export function namesFor(issuer: string): Names {
  const prefix = `oauth:{${digestOf(issuer).slice(0, 16)}}:`
  const ofDigest = (model: string, digest: string) => `${prefix}${model}:${digest}`
  return {
    ofDigest,
    row: (model, id) => ofDigest(model, digestOf(id)),
    uid: (uid) => `${prefix}uid:${digestOf(uid)}`,
    userCode: (userCode) => `${prefix}user-code:${digestOf(userCode)}`,
    ofSubject: (model, subject) => `${prefix}of:${digestOf(subject)}:${model}:`,
    secret: `${prefix}secret`,
  }
}

/**
 * Stands for the id of a row that was found by another name: the id itself is not in the store. It may be written into another
 * row (a device code into the interaction about it), and so be read by another process. A request must never bring one: who has read the
 * store has the secret too.
 */
export function refOf(secret: Uint8Array, model: string, digest: string): string {
  return `~${digest}~${createHmac('sha256', secret).update(`${model}:${digest}`).digest('base64url')}`
}

/** The digest of an id, or of what stands for one. */
export function digestIn(secret: Uint8Array, model: string, id: string): string {
  const digest = id.startsWith('~') ? id.split('~')[1] : undefined
  if (digest === undefined) return digestOf(id)
  const [given, right] = [Buffer.from(id), Buffer.from(refOf(secret, model, digest))]
  return given.length === right.length && timingSafeEqual(given, right) ? digest : digestOf(id)
}

const ROW = /~[\w-]{43}~[\w-]{43}/

/** Whether a request brings what stands for a row, however it is written. */
export function isRowNamed(...parts: readonly (string | undefined)[]): boolean {
  return parts.some((part = '') => ROW.test(part) || ROW.test(decoded(part)))
}

function decoded(part: string): string {
  return part.replace(/%([0-9a-f]{2})/gi, (_whole, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}
