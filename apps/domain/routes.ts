import type { ApiKeys } from '@countersign/api-keys'
import {
  type Answer,
  authError,
  empty,
  headerLines,
  type Input,
  json,
  type Maybe,
  messageOf,
  problem,
  Refused,
  type RequestView,
  type TypeOf,
} from '@countersign/http'
import type { PasswordLogin } from '@countersign/passwords'
import { type AnyPolicy, anyone } from '@countersign/policy'
import type { LocalIssuer, Session } from '@countersign/tokens'
import type { Echo } from './echo.ts'
import type { Policies } from './policies.ts'
import type { NewPost as NewPostValue, postsIn } from './posts.ts'
import { Data, DataQuery, Login, NewKey, NewPost, PostPage, Refresh } from './schemas.ts'
import type { User } from './users.ts'

/** One route of the API, for any host: who may, what must be sent, what happens. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | '*'
  readonly path: string
  readonly policy: AnyPolicy
  readonly input: Input
  /** Asked before the body is read: what is not there, or not the caller's, is refused whatever they send. */
  first?(call: Pick<Call, 'request' | 'params'>): Maybe<Answer | undefined>
  handle(call: Call): Maybe<Answer>
}
interface Call<B = unknown, Q = unknown> {
  readonly request: RequestView
  readonly body: B
  readonly query: Q
  readonly params: Readonly<Record<string, string>>
}
export interface Parts {
  readonly policies: Policies
  readonly own: LocalIssuer
  readonly keys: ApiKeys
  readonly users: PasswordLogin<User>
  readonly posts: ReturnType<typeof postsIn>
  readonly echo: Echo
}

const SECRET = { 'cache-control': 'no-store' }
const NO_POST = authError('not_found', 'post.unknown')
const NO_SESSION = authError('not_found', 'session.unknown')
const NO_ID = authError('invalid_request', 'logout.no-id', { detail: 'The token has no id that could be revoked.' })
const NO_KEY = authError('not_found', 'api-key.unknown')
export const ownPost = {
  name: 'own post',
  test: ({ subject }: { subject: string }, { author }: { author: string }) => subject === author,
}

export function routesOf({ policies, own, keys, users, posts, echo }: Parts): readonly Route[] {
  const { caller, readPosts, writePosts, deletePosts, session, account, manageKeys } = policies

  const postAt = (id: string | undefined) => {
    const post = /^[1-9][0-9]{0,14}$/.test(id ?? '') ? posts.get(Number(id)) : undefined
    if (!post) throw new Refused(NO_POST)
    return post
  }

  return [
    route('GET', '/health', anyone, {}, () => json(200, { status: 'ok' })),

    route('POST', '/login', anyone, { body: Login }, async ({ request, body }) =>
      json(200, await own.issue(await users.require(body, request), deviceOf(request)), SECRET),
    ),
    route('POST', '/refresh', anyone, { body: Refresh }, async ({ body }) =>
      json(200, await own.refresh(body.refresh_token), SECRET),
    ),
    route('POST', '/logout', session, {}, async ({ request }) => {
      const principal = session.principal(request)
      const { id, session: sid } = principal.credential ?? {}
      // Not from here: whoever else signs with the keys of KEYS may leave both out.
      if (id === undefined && sid === undefined) return problem(NO_ID)
      await own.revoke(principal)
      return empty(204)
    }),

    route('POST', '/logout/everywhere', account, {}, async ({ request }) => {
      await own.sessions.endAll(account.principal(request).subject)
      return empty(204)
    }),
    route('GET', '/sessions', account, {}, async ({ request }) => {
      const { subject, credential } = account.principal(request)
      const sessions = (await own.sessions.list(subject)).map((one) => shownSession(one, credential?.session))
      return json(200, { sessions })
    }),
    route('DELETE', '/sessions/:id', account, {}, async ({ request, params }) => {
      const { subject } = account.principal(request)
      return (await own.sessions.end(subject, params.id ?? '')) ? empty(204) : problem(NO_SESSION)
    }),

    route('GET', '/me', caller, {}, ({ request }) => {
      const { scheme, principal } = caller.decision(request)
      return json(200, {
        subject: principal.subject,
        scheme,
        scopes: principal.scopes ?? [],
        roles: principal.roles ?? [],
      })
    }),
    route('GET', '/api/data', caller, { query: DataQuery }, ({ request, query }) =>
      json(200, {
        message: 'Here is what you asked for.',
        param: query.param,
        caller: caller.principal(request).subject,
      }),
    ),
    route('POST', '/api/data', caller, { body: Data }, ({ request, body }) =>
      json(200, { message: 'Here is what you sent.', data: body, caller: caller.principal(request).subject }),
    ),

    route('GET', '/posts', readPosts, { query: PostPage }, ({ query }) =>
      json(200, posts.list(query.limit ?? 20, Number(query.cursor ?? 0))),
    ),
    route('GET', '/posts/:id', readPosts, {}, ({ params }) => json(200, postAt(params.id))),
    route('POST', '/posts', writePosts, { body: NewPost }, ({ request, body }) => {
      const post = posts.create(writePosts.principal(request).subject, body as NewPostValue)
      return json(201, post, { location: `/posts/${post.id}` })
    }),
    {
      ...route('PUT', '/posts/:id', writePosts, { body: NewPost }, ({ params, body }) =>
        json(200, posts.update(postAt(params.id).id, body as NewPostValue)),
      ),
      first: ({ request, params }) =>
        writePosts.authorize(request, { anyOf: [{ role: 'admin' }, ownPost] }, postAt(params.id)),
    },
    route('DELETE', '/posts/:id', deletePosts, {}, ({ params }) => {
      posts.remove(postAt(params.id).id)
      return empty(204)
    }),

    route('GET', '/api-keys', manageKeys, {}, async ({ request }) =>
      json(200, { keys: (await keys.list(manageKeys.principal(request).subject)).map(publicKey) }),
    ),
    route('POST', '/api-keys', manageKeys, { body: NewKey }, async ({ request, body }) => {
      const { name, scopes, expires_in: expiresIn } = body as TypeOf<typeof NewKey>
      // A key never gets what its maker lacks.
      const refusal = await manageKeys.authorize(request, {
        allOf: ['keys:manage', ...scopes].map((scope) => ({ scope })),
      })
      if (refusal) return refusal
      const { subject } = manageKeys.principal(request)
      const { id, key } = await keys.create({ subject, name, scopes, ...(expiresIn !== undefined && { expiresIn }) })
      return json(201, { id, key }, SECRET)
    }),
    route('POST', '/api-keys/:id/rotate', manageKeys, {}, async ({ request, params }) => {
      const { subject } = manageKeys.principal(request)
      const rotated = await keys.rotate(params.id ?? '', { subject })
      return rotated ? json(200, { id: rotated.id, key: rotated.key }, SECRET) : problem(NO_KEY)
    }),
    route('DELETE', '/api-keys/:id', manageKeys, {}, async ({ request, params }) => {
      const { subject } = manageKeys.principal(request)
      return (await keys.revoke(params.id ?? '', { subject })) ? empty(204) : problem(NO_KEY)
    }),

    route('POST', '/echo/signed', echo.signed.policy, {}, ({ request }) => echo.signed.handle(request)),
    route('POST', '/echo/encrypted', echo.encrypted.policy, {}, ({ request }) => echo.encrypted.handle(request)),
  ]
}

function route<const I extends Input>(
  method: Route['method'],
  path: string,
  policy: AnyPolicy,
  input: I,
  handle: (
    call: Call<
      I['body'] extends object ? TypeOf<I['body']> : unknown,
      I['query'] extends object ? TypeOf<I['query']> : unknown
    >,
  ) => Maybe<Answer>,
): Route {
  return { method, path, policy, input, handle: handle as Route['handle'] }
}

function publicKey(key: Awaited<ReturnType<ApiKeys['list']>>[number]) {
  return {
    id: key.id,
    name: key.name,
    scopes: key.scopes,
    created_at: key.createdAt,
    expires_at: key.expiresAt ?? null,
    last_used_at: key.lastUsedAt ?? null,
  }
}

/** What the browser or program says it is, for the list of sessions. Anybody's words: shown, never trusted. */
function deviceOf(request: RequestView): { readonly device?: string } {
  const [agent] = headerLines(messageOf(request), 'user-agent')
  return agent === undefined ? {} : { device: agent.slice(0, 200) }
}

function shownSession({ id, client, device, createdAt, lastUsedAt, expiresAt }: Session, current: string | undefined) {
  return {
    id,
    client,
    device: device ?? null,
    created_at: createdAt,
    last_used_at: lastUsedAt,
    expires_at: expiresAt,
    current: id === current,
  }
}
