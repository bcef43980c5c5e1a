import { Unavailable } from '@countersign/http'
import type { Authority, LocalIssuer, StoreLike } from '@countersign/tokens'
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'
import { digestIn, digestOf, type Names, refOf } from './names.ts'
import { registered } from './registration.ts'

export interface ModelsOptions {
  readonly store: StoreLike
  readonly names: Names
  /** What the processes share: names of rows are made with it. No request may bring one (`isRowNamed`). */
  readonly secret: () => Promise<Uint8Array>
  /** The metadata of a client that the application knows (RFC 7591 names). */
  readonly clientOf: (id: string) => Promise<AdapterPayload | undefined>
  readonly own: LocalIssuer
  readonly authority: Authority
  /** Epoch milliseconds. */
  readonly clock: () => number
  /** A code or refresh token came again. */
  readonly reused: (model: string, payload: AdapterPayload) => void
}

/** What the account page and disconnecting need beside what oidc-provider does. */
export interface Models {
  readonly adapter: (model: string) => Adapter
  /** Ends a grant: its tokens are refused from now on, and nothing of it can be redeemed or refreshed. */
  endGrant(id: string): Promise<void>
  /** What a subject has, by public names. */
  list(model: Listed, subject: string): Promise<readonly { name: string; payload: AdapterPayload }[]>
  /** What stands for the id of a row that is known by its public name. */
  refTo(model: string, name: string): Promise<string>
  /** Claims a name once: false when it was claimed before and has not expired. */
  claim(model: string, id: string, expiresAt: number): Promise<boolean>
}

/** The public name of a grant, `sid` of its access tokens: what its row is found by. */
export const sessionOf = (grantId: string): string => digestOf(grantId)

const lastOf = (key: string): string => key.slice(key.lastIndexOf(':') + 1)

/** Each lost race means that another one was won: more than this is a store that never says yes. */
const TRIES = 100
const PAGE = 100
/** Stands where something was ended, for as long as a request may have been under way (milliseconds). */
const ENDED = 'ended'
const UNDER_WAY = 3_600_000
/** Models whose rows are listed by subject. */
type Listed = 'Grant' | 'Session'
const LISTED: readonly string[] = ['Grant', 'Session'] satisfies Listed[]

/** Everything of oidc-provider in the store: no model is ever held in this process. */
export function storedModels(options: ModelsOptions): Models {
  const { store, names, secret, clientOf, own, authority, clock, reused } = options
  const ending = new Map<string, Promise<void>>()

  async function keyOf(model: string, id: string): Promise<string> {
    return names.ofDigest(model, id.startsWith('~') ? digestIn(await secret(), model, id) : digestOf(id))
  }

  async function read(key: string): Promise<{ payload: AdapterPayload; version: string } | undefined> {
    const entry = await store.get(key)
    if (!entry || entry.value === ENDED) return undefined
    return { payload: JSON.parse(entry.value) as AdapterPayload, version: entry.version }
  }

  const indexKey = (model: string, subject: string, key: string) => names.ofSubject(model, subject) + lastOf(key)

  async function upsert(model: string, id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    const key = await keyOf(model, id)
    const expiry = expiresIn === undefined ? {} : { expiresAt: clock() + expiresIn * 1000 }
    const digest = lastOf(key)
    const { jti: _, ...kept } = payload
    const also = [
      payload.uid !== undefined && names.uid(payload.uid),
      payload.userCode !== undefined && names.userCode(payload.userCode),
      payload.accountId !== undefined && LISTED.includes(model) && indexKey(model, payload.accountId, key),
    ]
    const rest = also.filter((name) => name !== false).map((name) => ({ key: name, value: digest, ...expiry }))
    const value = JSON.stringify(kept)
    if (!LISTED.includes(model)) return void (await store.commit([{ key, value, ...expiry }, ...rest]))
    // A request that was under way when it was ended must not bring it back: oidc-provider writes the whole of it.
    for (let tries = 0; tries < TRIES; tries++) {
      const entry = await store.get(key)
      if (entry?.value === ENDED) return
      if (await store.commit([{ key, value, expected: entry?.version ?? null, ...expiry }, ...rest])) return
    }
    throw new Unavailable('the store of the authorization server')
  }

  async function destroy(model: string, id: string): Promise<void> {
    await destroyAt(model, await keyOf(model, id))
  }

  async function destroyAt(model: string, key: string): Promise<void> {
    const found = await read(key)
    if (!found) return
    const { accountId, uid, userCode } = found.payload
    const also = [
      accountId !== undefined && LISTED.includes(model) && indexKey(model, accountId, key),
      // The name of a session goes over to the next row of it.
      uid !== undefined && (await store.get(names.uid(uid)))?.value === lastOf(key) && names.uid(uid),
      userCode !== undefined && names.userCode(userCode),
    ]
    const gone = LISTED.includes(model) ? { value: ENDED, expiresAt: clock() + UNDER_WAY } : { value: undefined }
    await store.commit([
      { key, ...gone },
      ...also.filter((name) => name !== false).map((name) => ({ key: name, value: undefined })),
    ])
  }

  /** One of any number who redeem at once gets past this; for the others the grant is over (RFC 6749 section 4.1.2). */
  async function consume(model: string, id: string): Promise<void> {
    const key = await keyOf(model, id)
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await read(key)
      if (!found) throw new errors.InvalidGrant('it was used or revoked meanwhile')
      const { payload, version } = found
      if (payload.consumed !== undefined) {
        if (model === 'PushedAuthorizationRequest') throw new errors.InvalidRequestUri('request_uri was already used')
        reused(model, payload)
        if (payload.grantId !== undefined) await endGrant(payload.grantId)
        throw new errors.InvalidGrant('it was used at the same time')
      }
      const value = JSON.stringify({ ...payload, consumed: Math.floor(clock() / 1000) })
      const expiry = payload.exp === undefined ? {} : { expiresAt: payload.exp * 1000 }
      if (await store.commit([{ key, value, expected: version, ...expiry }])) return
    }
    throw new errors.InvalidGrant('it is used too often at once')
  }

  /** Of many at once one works. */
  function endGrant(id: string): Promise<void> {
    const known = ending.get(id)
    if (known) return known
    const turn = end(id).finally(() => ending.delete(id))
    ending.set(id, turn)
    return turn
  }

  async function end(id: string): Promise<void> {
    const key = await keyOf('Grant', id)
    if (!(await read(key))) return
    // The tokens first: where the second step fails, the grant is still there to be ended again.
    await own.revoke({ sid: lastOf(key) })
    await destroy('Grant', id)
  }

  async function byName(model: string, name: string): Promise<AdapterPayload | undefined> {
    const digest = (await store.get(name))?.value
    const found = digest === undefined ? undefined : await read(names.ofDigest(model, digest))
    return found && digest !== undefined ? { ...found.payload, jti: refOf(await secret(), model, digest) } : undefined
  }

  authority.onSessionRevoked((sid) => {
    // Where the store is down, `find` looks again.
    destroyAt('Grant', names.ofDigest('Grant', sid)).catch(() => {})
  })

  return {
    endGrant,
    adapter: (model) => ({
      upsert: (id, payload, expiresIn) =>
        upsert(model, id, model === 'Client' ? registered(payload) : payload, expiresIn),
      async find(id) {
        const known = model === 'Client' ? await clientOf(id) : undefined
        if (known) return known
        const key = await keyOf(model, id)
        const found = await read(key)
        // Its access token was logged out, or it was ended elsewhere: nothing more comes of it.
        if (found && model === 'Grant' && (await authority.isSessionRevoked(lastOf(key)))) {
          await destroyAt(model, key)
          return undefined
        }
        return found && (model === 'Client' ? found.payload : { ...found.payload, jti: id })
      },
      findByUserCode: (userCode) => byName(model, names.userCode(userCode)),
      findByUid: (uid) => byName(model, names.uid(uid)),
      consume: (id) => consume(model, id),
      destroy: (id) => (model === 'Grant' ? endGrant(id) : destroy(model, id)),
      // The grant is the root of all that came of it: without it no code, refresh token or device code is good.
      revokeByGrantId: endGrant,
    }),
    async list(model, subject) {
      const prefix = names.ofSubject(model, subject)
      const found: { name: string; payload: AdapterPayload }[] = []
      for (let after: string | undefined; ; ) {
        const page = await store.scan(prefix, after, PAGE)
        for (const [, { value: digest }] of page) {
          const row = await read(names.ofDigest(model, digest))
          if (row) found.push({ name: digest, payload: row.payload })
        }
        after = page.at(-1)?.[0]
        if (page.length < PAGE) return found
      }
    },
    refTo: async (model, name) => refOf(await secret(), model, name),
    async claim(model, id, expiresAt) {
      return store.commit([{ key: names.row(model, id), value: '1', expected: null, expiresAt }])
    },
  }
}
