import type { Client, ErrorOut, KoaContextWithOIDC } from 'oidc-provider'
import { asked } from './asked.ts'
import { lookOf, show, viewOf } from './look.ts'
import type { Setup } from './options.ts'
import {
  deviceCodePage,
  deviceConfirmPage,
  deviceDonePage,
  errorPage,
  signedOutPage,
  signOutPage,
} from './pages/pages.ts'
import { placeOf } from './paths.ts'
import { nameNoClient } from './rfc-answers.ts'

type Ctx = KoaContextWithOIDC

const look = (ctx: Ctx, { name }: Setup) => lookOf(ctx.get('accept-language'), name, ctx.oidc.params?.ui_locales)
const xsrf = (ctx: Ctx) => ({ name: 'xsrf', value: String(ctx.oidc.session?.state?.secret ?? '') })

/** Clients get the JSON of their RFC, people a page. */
export function renderErrorFor(setup: Setup) {
  return (ctx: Ctx, out: ErrorOut, error?: unknown): void => {
    nameNoClient(ctx, out, error)
    const place = placeOf(ctx.path.slice(setup.base.length), () => true)
    if (place?.answers !== 'page') {
      ctx.body = out
      return
    }
    const says = typeof out.error_description === 'string' ? { says: out.error_description } : {}
    show(ctx, errorPage({ look: look(ctx, setup), status: ctx.status, code: String(out.error), ...says }))
  }
}

/** How oidc-provider's own errors of this page are called. */
const DEVICE_ERRORS: Readonly<Record<string, 'unknown' | 'expired' | 'missing'>> = {
  NoCodeError: 'missing',
  NotFoundError: 'unknown',
  ExpiredError: 'expired',
  AlreadyUsedError: 'expired',
}

/** oidc-provider gives whoever came without a session a new one to try again with, when it is too late to save one: a fault. */
function unsaved({ oidc }: Ctx): void {
  const session = oidc.session as unknown as { readonly exp?: number; touched: boolean } | undefined
  if (session && session.exp === undefined) session.touched = false
}

/** The pages of the device flow (RFC 8628 section 3.3). */
export function deviceHooks(setup: Setup) {
  const action = `${setup.base}/device`
  return {
    deviceInfo: (ctx: Ctx) => ({ ua: ctx.get('user-agent').slice(0, 200) }),
    userCodeInputSource(ctx: Ctx, _form: string, out?: ErrorOut, thrown?: unknown) {
      if (thrown !== undefined) unsaved(ctx)
      const { name, userCode } = (thrown ?? {}) as { readonly name?: string; readonly userCode?: string }
      const error = name === undefined ? undefined : DEVICE_ERRORS[name]
      if (thrown !== undefined && error === undefined) {
        const code = name === 'AbortedError' ? 'access_denied' : String(out?.error)
        const status = name === 'AbortedError' ? 200 : ctx.status
        show(ctx, errorPage({ look: look(ctx, setup), status, code }))
        return
      }
      const typed = userCode ?? asked.getStore()?.userCode
      const more = { ...(typed !== undefined && { userCode: typed }), ...(error !== undefined && { error }) }
      show(ctx, deviceCodePage({ look: look(ctx, setup), action, csrf: xsrf(ctx), ...more }))
    },
    userCodeConfirmSource(ctx: Ctx, _form: string, client: Client, device: unknown, userCode: string) {
      const { ua } = (device ?? {}) as { readonly ua?: string }
      const more = ua ? { device: ua } : {}
      const csrf = xsrf(ctx)
      show(ctx, deviceConfirmPage({ look: look(ctx, setup), action, csrf, client: viewOf(client), userCode, ...more }))
    },
    successSource(ctx: Ctx) {
      show(ctx, deviceDonePage({ look: look(ctx, setup), client: viewOf(ctx.oidc.client as Client) }))
    },
  }
}

/** The pages of signing out (OpenID Connect RP-Initiated Logout 1.0 sections 2 and 3). */
export function logoutHooks(setup: Setup) {
  const action = `${setup.base}/logout/confirm`
  return {
    logoutSource(ctx: Ctx) {
      const { client, params } = ctx.oidc
      const redirect = params?.post_logout_redirect_uri
      const more = {
        ...(client && { client: viewOf(client) }),
        ...(typeof redirect === 'string' && { redirects: [redirect] }),
      }
      show(ctx, signOutPage({ look: look(ctx, setup), action, csrf: xsrf(ctx), ...more }))
    },
    postLogoutSuccessSource(ctx: Ctx) {
      show(ctx, signedOutPage({ look: look(ctx, setup) }))
    },
  }
}
