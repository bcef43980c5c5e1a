/**
 * Headers by which services are told who called. A client that sends one means to be believed, so none of a client's goes on.
 * A `*` stands for any ending.
 */
export const IDENTITY_HEADERS: readonly string[] = Object.freeze([
  ...['x-user', 'x-user-*', 'x-userid', 'x-userinfo', 'x-username', 'x-subject', 'x-email', 'x-groups'],
  ...['x-sub', 'x-uid', 'x-login*', 'x-account*', 'auth-user*'],
  ...['x-role', 'x-roles', 'x-scope', 'x-scopes', 'x-auth-*', 'x-authenticated-*', 'x-webauth-*'],
  ...['remote-user', 'remote-name', 'remote-email', 'remote-groups', 'x-remote-*'],
  ...['x-forwarded-user', 'x-forwarded-email', 'x-forwarded-groups', 'x-forwarded-preferred-username'],
  ...['x-forwarded-access-token', 'x-access-token', 'x-id-token', 'x-jwt-*', 'x-token-*'],
  // Certificates of clients: RFC 9440, nginx, Envoy, Traefik.
  ...['client-cert', 'client-cert-chain', 'x-client-cert*', 'x-forwarded-client-cert', 'x-forwarded-tls-*'],
  ...['ssl-client-*', 'x-ssl-*'],
  // Modules of Apache: mod_auth_openidc, Shibboleth, mod_auth_mellon; what universities call people.
  ...['oidc-*', 'x-oidc-*', 'shib-*', 'x-shib-*', 'mellon-*', 'eppn', 'persistent-id', 'targeted-id'],
  // AWS, Google, Azure, Cloudflare, Kong.
  ...['x-amzn-oidc-*', 'x-goog-authenticated-user-*', 'x-goog-iap-*', 'x-ms-client-principal*', 'x-ms-token-*'],
  ...['cf-access-*', 'x-consumer-*', 'x-credential-*', 'x-anonymous-consumer'],
  // oauth2-proxy's kin, Grafana, Vouch, Authentik, Pomerium, API gateways, Kubernetes.
  ...['x-grafana-*', 'x-vouch-*', 'x-authentik-*', 'x-pomerium-*', 'x-endpoint-api-userinfo', 'x-apigateway-*'],
  ...[
    'impersonate-*',
    'x-impersonate-*',
    'proxy-user',
    'remote-addr',
    'x-principal*',
    'x-identity*',
    'x-tenant*',
    'x-internal*',
  ],
])

/** Headers by which services are told where a request came from or which one it was: the gateway says that itself. */
export const ROUTING_HEADERS: readonly string[] = Object.freeze([
  ...['forwarded', 'x-forwarded', 'x-forwarded-*', 'x-real-ip', 'x-client-ip', 'x-cluster-client-ip', 'true-client-ip'],
  // Fastly, Azure, Google App Engine, Envoy, Fly, Cloudflare, Netlify, Vercel, DigitalOcean, WebLogic.
  ...['fastly-*', 'x-azure-*', 'x-appengine-*', 'x-envoy-*', 'fly-*', 'cf-connecting-*', 'cf-visitor', 'x-nf-*'],
  ...['x-vercel-*', 'do-connecting-ip', 'wl-proxy-*', 'proxy-client-ip', 'client-ip', 'x-proxyuser-ip'],
  ...['x-originating-*', 'x-host', 'x-original-*', 'x-rewrite-url', 'front-end-https', 'x-url-scheme'],
  ...['x-http-method', 'x-http-method-override', 'x-method-override'],
])

/** What proves to the gateway who calls. It ends there. */
export const CREDENTIAL_HEADERS: readonly string[] = Object.freeze([
  ...['authorization', 'cookie', 'x-api-key', 'api-key', 'apikey', 'dpop', 'signature', 'signature-input'],
])

/**
 * For one connection alone (RFC 9110 section 7.6.1), and what the gateway answers itself (`Expect`, section 10.1.1). Of requests
 * and of answers alike; what `Connection` names belongs to them.
 */
export const HOP_BY_HOP: readonly string[] = Object.freeze([
  ...['connection', 'proxy-connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['proxy-authenticate', 'proxy-authorization', 'proxy-authentication-info', 'http2-settings', 'expect'],
])
