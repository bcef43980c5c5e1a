import type { EventEmitter } from 'node:events'
import { type Answer, empty } from '@countersign/http'
import type { AdapterPayload } from 'oidc-provider'
import { formToken, isOwnForm } from './form-token.ts'
import { nameOf, type PageCall } from './interaction.ts'
import { viewOf } from './look.ts'
import { IDENTITY } from './options.ts'
import { accountPage, errorPage } from './pages/pages.ts'

/** `GET` and `POST /oauth/account`: where the user is signed in, and what they have connected. */
export async function accountOf(call: PageCall): Promise<Answer> {
  const { setup, models, provider, pair, look, secret, form, request } = call
  const context = provider.createContext(pair.request, pair.response)
  const session = await provider.Session.get(context as never)
  const subject = session.accountId
  const account = subject === undefined ? undefined : await setup.account(subject)
  const isEnded = subject !== undefined && (session.loginTs ?? 0) <= (await setup.authority.endedUntil(subject))
  if (subject === undefined || !account || isEnded)
    return errorPage({ look, status: 403, code: 'login_required', says: 'nobody is signed in here' })
  const token = formToken(secret, 'account', session.jti)
  if (!form) return shown()
  if (!isOwnForm(request, form.get('csrf'), token))
    return errorPage({ look, status: 403, code: 'forbidden', says: 'this form did not come from this page' })
  await change(form, subject)
  return empty(303, { location: `${setup.base}/account`, 'cache-control': 'no-store', 'content-length': '0' })

  async function shown(): Promise<Answer> {
    const [sessions, grants, logins] = await Promise.all([
      models.list('Session', subject as string),
      models.list('Grant', subject as string),
      setup.own.sessions.list(subject as string),
    ])
    // A client that asks each time (RFC 8252 section 8.6) has many grants: people see one app.
    const apps = await Promise.all(
      [...Map.groupBy(grants, clientIn)].map(async ([id, own]) => {
        const client = await provider.Client.find(id)
        return {
          id,
          client: client ? viewOf(client) : { name: id },
          scopes: [...new Set(own.flatMap(scopesIn))].filter((scope) => scope !== '' && !IDENTITY.includes(scope)),
          grantedAt: Math.min(...own.map(({ payload }) => payload.iat ?? 0)),
        }
      }),
    )
    return accountPage({
      look,
      action: `${setup.base}/account`,
      csrf: token,
      account: nameOf(account as NonNullable<typeof account>, subject as string),
      sessions: [
        ...sessions.map(({ name, payload }) => ({
          id: name,
          createdAt: payload.loginTs ?? payload.iat ?? 0,
          lastUsedAt: payload.iat ?? 0,
          current: payload.uid === session.uid,
        })),
        ...logins.map(({ id, client, device, createdAt, lastUsedAt }) => ({
          id,
          client,
          createdAt,
          lastUsedAt,
          current: false,
          ...(device !== undefined && { device }),
        })),
      ],
      apps,
    })
  }

  /** The clients that were signed in with it hear of it (OpenID Connect Back-Channel Logout 1.0). */
  async function endSession({ name, payload }: Granted, owner: string): Promise<void> {
    await models.adapter('Session').destroy(await models.refTo('Session', name))
    if (!setup.on.backchannelLogout) return
    const told = Object.entries(payload.authorizations ?? {}).map(async ([id, { sid }]) => {
      const client = (await provider.Client.find(id)) as Informed | undefined
      if (client?.backchannelLogoutUri === undefined || sid === undefined) return
      await client.backchannelLogout(owner, sid).catch((error: unknown) => {
        ;(provider as EventEmitter).emit('backchannel.error', context, error, client, owner, sid)
      })
    })
    await Promise.all(told)
  }

  /** Only ever what is the subject's own. */
  async function change(asked: URLSearchParams, owner: string): Promise<void> {
    const grants = await models.list('Grant', owner)
    const sessions = await models.list('Session', owner)
    const disconnect = asked.get('disconnect')
    const end = asked.get('end')
    if (asked.has('everywhere')) {
      await setup.own.sessions.endAll(owner)
      for (const { name } of grants) await models.endGrant(await models.refTo('Grant', name))
      for (const one of sessions) await endSession(one, owner)
    } else if (disconnect !== null) {
      for (const grant of grants)
        if (clientIn(grant) === disconnect) await models.endGrant(await models.refTo('Grant', grant.name))
    } else if (end !== null) {
      const found = sessions.find(({ name }) => name === end)
      if (!found) return void (await setup.own.sessions.end(owner, end))
      for (const { grantId, persistsLogout } of Object.values(found.payload.authorizations ?? {}))
        if (grantId !== undefined && persistsLogout !== true) await models.endGrant(grantId)
      await endSession(found, owner)
    }
  }
}

interface Granted {
  readonly name: string
  readonly payload: AdapterPayload
}

const clientIn = ({ payload }: Granted): string => String(payload.clientId)

function scopesIn({ payload }: Granted): readonly string[] {
  const { resources = {}, openid } = payload as { resources?: Record<string, string>; openid?: { scope?: string } }
  return [...Object.values(resources), openid?.scope ?? ''].flatMap((text) => text.split(' '))
}

/** What oidc-provider's clients have, and its types do not say. */
interface Informed {
  readonly backchannelLogoutUri?: string
  backchannelLogout(subject: string, session: string): Promise<void>
}
