/** A place under `/oauth`: what may be sent there, and who reads the answer. */
export interface Place {
  /** Below `/oauth`. `:id` stands for one segment. */
  readonly path: string
  readonly methods: readonly ('GET' | 'POST' | 'OPTIONS')[]
  /** `page`: a person with a browser; `machine`: a client. */
  readonly answers: 'page' | 'machine'
  readonly body?: 'form' | 'json'
  /** Served by ourselves, beside oidc-provider. */
  readonly own?: 'interaction' | 'account'
  /** A form that is posted here goes on as a link: browsers send no cookie with a form from another site. */
  readonly goesOn?: boolean
  /** Left out: always there. */
  readonly needs?: Switch
}

/** What can be switched on or off. */
export type Switch = 'introspection' | 'revocation' | 'pushedRequests' | 'deviceCodes' | 'logout' | 'registration'

const page = (path: string, methods: Place['methods'], more: Partial<Place> = {}): Place => ({
  path,
  methods,
  answers: 'page',
  ...(methods.includes('POST') && { body: 'form' }),
  ...more,
})
const machine = (path: string, more: Partial<Place> = {}): Place => ({
  path,
  methods: ['POST', 'OPTIONS'],
  answers: 'machine',
  body: 'form',
  ...more,
})

/** The first that fits serves. */
export const PLACES: readonly Place[] = [
  page('/authorize', ['GET', 'POST'], { goesOn: true }),
  page('/authorize/:id', ['GET']),
  page('/interaction/:id', ['GET', 'POST'], { own: 'interaction' }),
  page('/account', ['GET', 'POST'], { own: 'account' }),
  machine('/token'),
  machine('/userinfo', { methods: ['GET', 'POST', 'OPTIONS'] }),
  machine('/introspect', { needs: 'introspection' }),
  machine('/revoke', { needs: 'revocation' }),
  machine('/par', { needs: 'pushedRequests' }),
  machine('/device/auth', { needs: 'deviceCodes' }),
  page('/device', ['GET', 'POST'], { needs: 'deviceCodes' }),
  page('/device/:id', ['GET'], { needs: 'deviceCodes' }),
  page('/logout', ['GET', 'POST'], { needs: 'logout', goesOn: true }),
  // Whoever signs in as someone else is signed out first, so this is always there.
  page('/logout/confirm', ['POST']),
  page('/logout/success', ['GET'], { needs: 'logout' }),
  { path: '/register', methods: ['POST'], answers: 'machine', body: 'json', needs: 'registration' },
]

/** oidc-provider's own names for them, under the path of the issuer. */
export function routesAt(base: string) {
  return {
    authorization: `${base}/authorize`,
    token: `${base}/token`,
    userinfo: `${base}/userinfo`,
    introspection: `${base}/introspect`,
    revocation: `${base}/revoke`,
    pushed_authorization_request: `${base}/par`,
    device_authorization: `${base}/device/auth`,
    code_verification: `${base}/device`,
    end_session: `${base}/logout`,
    registration: `${base}/register`,
    jwks: '/.well-known/jwks.json',
  }
}

/** The place for a path below `/oauth`, of those that are switched on. */
export function placeOf(path: string, isOn: (name: Switch) => boolean): Place | undefined {
  const segments = path.split('/')
  return PLACES.find(({ path: known, needs }) => {
    if (needs !== undefined && !isOn(needs)) return false
    const parts = known.split('/')
    return (
      parts.length === segments.length &&
      parts.every((part, at) =>
        part.startsWith(':') ? /^[\w-]{1,64}$/.test(segments[at] as string) : part === segments[at],
      )
    )
  })
}
