import { createServer, type RequestListener, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mount, problems, protect } from '@countersign/express'
import { bearer, policy } from '@countersign/policy'
import { remoteIssuer } from '@countersign/tokens'
import express, { type Express } from 'express'
import { afterEach, describe, expect, test } from 'vitest'
import { assertResource, checkResource, type ProtectedResourceOptions, protectedResource } from './index.ts'

const servers: ReturnType<typeof createServer>[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An authorization server, as far as its metadata go. */
async function issuerWith(change: (url: string) => object = () => ({}), path = ''): Promise<string> {
  const url = await serve((request, response) => {
    const known = request.url === `/.well-known/oauth-authorization-server${path}`
    const document = {
      issuer: `${url}${path}`,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      code_challenge_methods_supported: ['S256'],
      ...change(url),
    }
    response.writeHead(known ? 200 : 404).end(JSON.stringify(document))
  })
  return `${url}${path}`
}

type Wire = (app: Express, mcp: ReturnType<typeof protectedResource>) => void
const right: Wire = (app, mcp) => {
  app.use(mount(mcp.endpoints))
  app.post('/mcp', protect(policy({ accept: bearer(mcp) })), (_request, response) => void response.end())
}

/** An app that is wired so, at the URL that its resource says. */
async function appWith(
  wire: Wire,
  more: (origin: string) => Partial<ProtectedResourceOptions> & { issuer?: string } = () => ({}),
) {
  const app = express()
  const origin = await serve(app)
  const { issuer, ...options } = more(origin)
  const mcp = protectedResource({
    resource: `${origin}/mcp`,
    issuers: [remoteIssuer(issuer ?? (await issuerWith()))],
    ...options,
  })
  wire(app, mcp)
  app.use(problems({ log: () => {} }))
  return { mcp, origin }
}
const found = async (mcp: ReturnType<typeof protectedResource>) =>
  (await checkResource(mcp, { timeout: 1500 })).map(({ part, found, remedy }) => `${part}: ${found}. ${remedy}`)

test('nothing is found where all is well', async () => {
  const { mcp } = await appWith(right)
  expect(await checkResource(mcp)).toEqual([])
  await expect(assertResource(mcp)).resolves.toBeUndefined()
})

test('an issuer with a path, and one that is found by OpenID Connect alone', async () => {
  const withPath = await issuerWith(undefined, '/realms/acme')
  expect(await found((await appWith(right, () => ({ issuer: withPath }))).mcp)).toEqual([])
  const url: string = await serve((request, response) =>
    response.writeHead(request.url === '/t/.well-known/openid-configuration' ? 200 : 404).end(
      JSON.stringify({
        issuer: `${url}/t`,
        authorization_endpoint: 'x',
        token_endpoint: 'y',
        code_challenge_methods_supported: ['plain', 'S256'],
      }),
    ),
  )
  expect(await found((await appWith(right, () => ({ issuer: `${url}/t` }))).mcp)).toEqual([])
})

describe('the document', () => {
  test('mounted under a prefix', async () => {
    const { mcp } = await appWith((app, mcp) => {
      app.use('/api', mount(mcp.endpoints))
      app.post('/mcp', protect(policy({ accept: bearer(mcp) })))
    })
    expect(await found(mcp)).toEqual([expect.stringMatching(/^document: answers 404\. Mount `endpoints` on the root/)])
  })

  test('of another resource', async () => {
    const { mcp, origin } = await appWith((app, mcp) => {
      const other = protectedResource({
        resource: `${new URL(mcp.resource).origin}/mcp?x`,
        issuers: [remoteIssuer('https://a.test')],
      })
      app.use(mount(other.endpoints))
      app.post('/mcp', protect(policy({ accept: bearer(mcp) })))
    })
    expect(await found(mcp)).toEqual([expect.stringContaining(`document: is of the resource "${origin}/mcp?x"`)])
  })

  test('with other servers, no JSON, too long, redirected, silent', async () => {
    const answers: readonly [RequestListener, string][] = [
      [(_request, response) => response.end('no JSON'), 'is of the resource undefined'],
      [(_request, response) => response.end('x'.repeat(2_000_000)), 'answers with more than 1 MiB'],
      [
        (_request, response) => response.writeHead(302, { location: 'https://a.test/' }).end(),
        'redirects to https://a.test/',
      ],
      [() => {}, 'does not answer (timed out)'],
      [(request) => request.socket.destroy(), 'does not answer'],
    ]
    for (const [listener, said] of answers) {
      const { mcp } = await appWith((app, mcp) => {
        app.get('/.well-known/{*path}', (request, response) => void listener(request, response))
        app.post('/mcp', protect(policy({ accept: bearer(mcp) })))
      })
      expect(await found(mcp)).toEqual([expect.stringContaining(`document: ${said}`)])
    }
    const { mcp } = await appWith((app, mcp) => {
      const issuers = [remoteIssuer('https://a.test')]
      app.use(mount(protectedResource({ resource: mcp.resource, issuers }).endpoints))
      app.post('/mcp', protect(policy({ accept: bearer(mcp) })))
    })
    expect(await found(mcp)).toEqual([expect.stringContaining('document: names other authorization servers')])
  })
})

describe('the resource', () => {
  const documented =
    (rest: Wire): Wire =>
    (app, mcp) => {
      app.use(mount(mcp.endpoints))
      rest(app, mcp)
    }
  test.each<[string, Wire, RegExp]>([
    ['unprotected', (app) => void app.post('/mcp', (_q, s) => void s.json({})), /answers 200 .* Nothing protects it/],
    ['on another path', (app) => void app.post('/api/mcp', (_q, s) => void s.end()), /answers 404 .* another path/],
    [
      'broken',
      (app) => void app.post('/mcp', (_q, s) => void s.status(502).end()),
      /answers 502 .* see what its log says/,
    ],
    [
      'another 401',
      (app) => void app.post('/mcp', (_q, s) => void s.status(401).end()),
      /a 401 without resource_metadata/,
    ],
    [
      'a broken challenge',
      (app) => void app.post('/mcp', (_q, s) => void s.status(401).set('www-authenticate', 'Bearer "').end()),
      /a 401 without resource_metadata/,
    ],
    [
      'the policy of another value',
      (app) => {
        const other = protectedResource({
          resource: 'https://other.test/mcp',
          issuers: [remoteIssuer('https://a.test')],
          hosts: [],
        })
        app.post('/mcp', protect(policy({ accept: bearer({ ...other, admit: () => undefined }) })))
      },
      /a 401 that names https:\/\/other\.test\/\.well-known\/oauth-protected-resource\/mcp as resource_metadata/,
    ],
  ])('%s', async (_what, wire, said) => {
    const { mcp } = await appWith(documented(wire))
    expect(await found(mcp)).toEqual([expect.stringMatching(said)])
  })

  test('a proxy that writes its own Host', async () => {
    // Its resource is on a port of its own, and what the proxy would ask is another.
    const proxy = await serve((_request, response) => response.end())
    const app = express()
    const inner = await serve(app)
    const mcp = protectedResource({ resource: `${proxy}/mcp`, issuers: [remoteIssuer(await issuerWith())] })
    right(app, mcp)
    const findings = await checkResource(mcp, {
      fetch: (url, init) => fetch(`${url}`.replace(proxy, inner), init), // its Host is that of the inner server
    })
    expect(findings.map(({ part, found }) => `${part}: ${found}`)).toEqual([
      'challenge: answers 403 to a request without a token, not 401',
    ])
    expect(findings[0]?.remedy).toContain('name its own in `hosts`')
    expect(await checkResource(mcp, { via: inner })).toEqual([])
  })
})

describe('the authorization server', () => {
  test.each<[string, (url: string) => object, string]>([
    ['another name', (url) => ({ issuer: `${url}/` }), 'is of the issuer'],
    ['no token endpoint', () => ({ token_endpoint: undefined }), 'names no authorization or token endpoint'],
    ['no authorization endpoint', () => ({ authorization_endpoint: undefined }), 'names no authorization or token'],
    ['no PKCE', () => ({ code_challenge_methods_supported: undefined }), 'does not say that it takes PKCE with S256'],
    ['plain PKCE', () => ({ code_challenge_methods_supported: ['plain'] }), 'does not say that it takes PKCE'],
  ])('%s', async (_what, change, said) => {
    const issuer = await issuerWith(change)
    const { mcp } = await appWith(right, () => ({ issuer }))
    expect(await found(mcp)).toEqual([expect.stringContaining(`issuer: ${said}`)])
  })

  test('without metadata, and without a server', async () => {
    const issuer = await serve((_request, response) => response.writeHead(404).end())
    expect(await found((await appWith(right, () => ({ issuer }))).mcp)).toEqual([
      expect.stringContaining('issuer: answers 404'),
    ])
    const gone = await appWith(right, () => ({ issuer: 'http://127.0.0.1:1' }))
    expect(await found(gone.mcp)).toEqual([expect.stringContaining('issuer: does not answer')])
  })
})

test('the throwing form says everything at once, with what to do', async () => {
  const { mcp } = await appWith(
    () => {},
    () => ({ issuer: 'http://127.0.0.1:1' }),
  )
  const error = await assertResource(mcp).catch((thrown: unknown) => `${thrown}`)
  expect(error).toContain(
    `clients would not find their way to ${mcp.resource}:\n  document ${mcp.metadataUrl}: answers 404. Mount`,
  )
  expect(error).toContain('\n  challenge ')
  expect(error).toContain('\n  issuer http://127.0.0.1:1/.well-known/oauth-authorization-server: does not answer')
})

test('misuse', async () => {
  await expect(checkResource({} as never)).rejects.toThrow('checkResource() takes a protectedResource')
  const { mcp } = await appWith(right)
  await expect(checkResource(mcp, { url: 'x' } as never)).rejects.toThrow('no option "url"')
  await expect(checkResource(mcp, { via: 'x' })).rejects.toThrow('"via" must be a URL')
})

describe('behind a real proxy', () => {
  /** Hands on what `route` says, under the client's Host or its own. */
  const proxyTo = (inner: () => string, route: (path: string) => string | undefined, keepsHost = true) =>
    serve((incoming, response) => {
      const path = route(incoming.url ?? '')
      if (path === undefined) return void response.writeHead(404).end()
      const headers = { ...incoming.headers, ...(!keepsHost && { host: new URL(inner()).host }) }
      incoming.pipe(
        request(`${inner()}${path}`, { method: incoming.method, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(response)
        }),
      )
    })
  const strips = (path: string) => (path.startsWith('/api/') ? path.slice(4) : undefined)
  const keeps = (path: string) => (path.startsWith('/api/') ? path : undefined)
  const andRoot = (route: typeof strips) => (path: string) =>
    path.startsWith('/.well-known/oauth-protected-resource/') ? path : route(path)
  const DOCUMENT = '/api/.well-known/oauth-protected-resource/mcp'

  test.each<[string, (path: string) => string | undefined, string, string | undefined, boolean, RegExp | undefined]>([
    ['its prefix taken off, the root handed on', andRoot(strips), '/mcp', undefined, true, undefined],
    ['its prefix kept, the root handed on', andRoot(keeps), '/api/mcp', undefined, true, undefined],
    ['its prefix taken off, and a document there', strips, '/mcp', DOCUMENT, true, undefined],
    ['its prefix kept, and a document there', keeps, '/api/mcp', DOCUMENT, true, undefined],
    ['its prefix taken off, and no way to the root', strips, '/mcp', undefined, true, /^document: answers 404/],
    ['a prefix that the app does not know', andRoot(keeps), '/mcp', undefined, true, /^challenge: answers 404/],
    [
      'its own Host',
      andRoot(strips),
      '/mcp',
      undefined,
      false,
      /^challenge: answers 403.*let it keep that of the client/,
    ],
  ])('%s', async (_what, route, path, document, keepsHost, said) => {
    let inner = ''
    const origin = await proxyTo(() => inner, route, keepsHost)
    const mcp = protectedResource({
      resource: `${origin}/api/mcp`,
      issuers: [remoteIssuer(await issuerWith())],
      ...(document !== undefined && { metadataUrl: `${origin}${document}` }),
    })
    const app = express()
    app.use(mount(mcp.endpoints))
    app.post(path, protect(policy({ accept: bearer(mcp) })))
    app.use(problems({ log: () => {} }))
    inner = await serve(app)
    expect(await found(mcp)).toEqual(said === undefined ? [] : [expect.stringMatching(said)])
  })

  test('its own Host, which the server is told of', async () => {
    const app = express()
    const inner = await serve(app)
    const origin = await proxyTo(() => inner, andRoot(strips), false)
    const issuers = [remoteIssuer(await issuerWith())]
    const mcp = protectedResource({ resource: `${origin}/api/mcp`, issuers, hosts: [new URL(inner).host] })
    right(app, mcp)
    expect(await found(mcp)).toEqual([])
  })
})
