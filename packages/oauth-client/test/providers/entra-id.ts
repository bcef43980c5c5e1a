import { entraId } from '@countersign/oauth-client'
import type { ProviderFixture } from './provider-fixture.ts'

const LOGIN = 'https://login.microsoftonline.com'
const TENANT = '8eaef023-2b34-4da1-9baa-8bc8c9d6a490'
const OTHER = 'fa15d692-e9c7-4460-a743-29f2956fd429'
const PERSONAL = '9188040d-6c67-4c5b-b112-36a304b66dad'
const CLIENT = '535fb089-9ff3-47b6-9bfb-4f1264799865'
const OID = '690222be-ff1a-4d56-abd1-7e4f7d38e474'

/** The document of an authority. Of several tenants its issuer is a pattern. */
const metadataOf = (authority: string, issuer: string) => ({
  issuer,
  authorization_endpoint: `${LOGIN}/${authority}/oauth2/v2.0/authorize`,
  token_endpoint: `${LOGIN}/${authority}/oauth2/v2.0/token`,
  token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
  jwks_uri: `${LOGIN}/${authority}/discovery/v2.0/keys`,
  userinfo_endpoint: 'https://graph.microsoft.com/oidc/userinfo',
  end_session_endpoint: `${LOGIN}/${authority}/oauth2/v2.0/logout`,
  subject_types_supported: ['pairwise'],
  id_token_signing_alg_values_supported: ['RS256'],
  response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
})
const claimsOf = (tenant: string) => ({
  ver: '2.0',
  iss: `${LOGIN}/${tenant}/v2.0`,
  sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
  aud: CLIENT,
  name: 'Abe Lincoln',
  preferred_username: 'abeli@microsoft.com',
  oid: OID,
  tid: tenant,
  uti: 'fqiBqXLPj0eQa82S-IYFAA',
})
const asked = { scope: 'openid profile email offline_access', code_challenge_method: 'S256' }
const one = () => entraId({ tenant: TENANT.toUpperCase() })
const several = () => entraId({ tenants: [TENANT, OTHER] })

export const fixture: ProviderFixture = {
  pages: [
    {
      url: 'https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc',
      read: '2026-11-21',
      says: 'authorities ({tenant}, common, organizations), the metadata document, the endpoints, RP-initiated sign-out. Source: docs/identity-platform/v2-protocols-oidc.md of MicrosoftDocs/entra-docs at 0358995',
    },
    {
      url: 'https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference',
      read: '2026-11-21',
      says: 'each claim: oid needs the scope profile, sub is pairwise, tid, roles, the consumer tenant, groups overage at 200. Source at 0028128',
    },
    {
      url: 'https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens',
      read: 'no',
      says: 'the issuer of a metadata document for several tenants has {tenantid} in it; tid against iss',
    },
  ],
  metadata: {
    [`${LOGIN}/${TENANT}/v2.0`]: metadataOf(TENANT, `${LOGIN}/${TENANT}/v2.0`),
    [`${LOGIN}/organizations/v2.0`]: metadataOf('organizations', `${LOGIN}/{tenantid}/v2.0`),
    [`${LOGIN}/common/v2.0`]: metadataOf('common', `${LOGIN}/{tenantid}/v2.0`),
  },
  accepted: [
    {
      name: 'somebody of one tenant, with an app role',
      provider: one,
      clientId: CLIENT,
      claims: { ...claimsOf(TENANT), roles: ['Orders.Approve'] },
      asked,
      notAsked: ['prompt'],
      principal: { subject: OID, roles: ['Orders.Approve'] },
      logout: `${LOGIN}/${TENANT}/oauth2/v2.0/logout`,
      logoutHas: { post_logout_redirect_uri: 'https://app.test/' },
    },
    {
      name: 'somebody of one of several tenants',
      provider: several,
      clientId: CLIENT,
      claims: claimsOf(OTHER),
      asked,
      principal: { subject: `${OTHER}/${OID}` },
      logout: `${LOGIN}/organizations/oauth2/v2.0/logout`,
    },
    {
      name: 'a tenant that a function allows',
      provider: () => entraId({ tenants: async (tenant) => tenant === OTHER }),
      clientId: CLIENT,
      claims: claimsOf(OTHER),
      asked,
      principal: { subject: `${OTHER}/${OID}` },
      logout: `${LOGIN}/organizations/oauth2/v2.0/logout`,
    },
    {
      name: 'a personal account, where those are listed',
      provider: () => entraId({ tenants: [TENANT, PERSONAL] }),
      clientId: CLIENT,
      claims: claimsOf(PERSONAL),
      asked,
      principal: { subject: `${PERSONAL}/${OID}` },
      logout: `${LOGIN}/common/oauth2/v2.0/logout`,
    },
    {
      name: 'somebody with too many groups: no claim groups, and the rest as ever',
      provider: one,
      clientId: CLIENT,
      claims: {
        ...claimsOf(TENANT),
        _claim_names: { groups: 'src1' },
        _claim_sources: { src1: { endpoint: 'https://graph.microsoft.com/x' } },
      },
      asked,
      principal: { subject: OID },
      logout: `${LOGIN}/${TENANT}/oauth2/v2.0/logout`,
    },
  ],
  refused: [
    {
      name: 'a tenant that is not listed',
      of: 'somebody of one of several tenants',
      claims: claimsOf('72f988bf-86f1-41af-91ab-2d7cd011db47'),
      says: '403 access_denied',
    },
    {
      name: 'a personal account, where those are not listed',
      of: 'somebody of one of several tenants',
      claims: claimsOf(PERSONAL),
      says: '403 access_denied',
    },
    {
      name: 'a tenant that the function does not allow',
      of: 'a tenant that a function allows',
      claims: claimsOf(TENANT),
      says: '403 access_denied',
    },
    {
      name: 'a function that says 1',
      of: 'a tenant that a function allows',
      provider: () => entraId({ tenants: (() => 1) as never }),
      says: '403 access_denied',
    },
    {
      name: 'tid of an allowed tenant in a token of another',
      of: 'somebody of one of several tenants',
      claims: { iss: `${LOGIN}/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0`, tid: TENANT },
      says: '400 invalid_request',
    },
    {
      name: 'iss of an allowed tenant in a token of another',
      of: 'somebody of one of several tenants',
      claims: { tid: '72f988bf-86f1-41af-91ab-2d7cd011db47' },
      says: '400 invalid_request',
    },
    {
      name: 'no tid',
      of: 'somebody of one of several tenants',
      claims: { tid: undefined },
      says: '400 invalid_request',
    },
    {
      name: 'the pattern for an issuer',
      of: 'somebody of one of several tenants',
      claims: { iss: `${LOGIN}/{tenantid}/v2.0`, tid: '{tenantid}' },
      says: '403 access_denied',
    },
    {
      name: 'another tenant, where there is one',
      of: 'somebody of one tenant, with an app role',
      claims: claimsOf(OTHER),
      says: '400 invalid_request',
    },
    {
      name: 'no oid: the scope profile was not asked for',
      of: 'somebody of one tenant, with an app role',
      claims: { oid: undefined },
      says: '403 access_denied',
    },
    {
      name: 'for another application',
      of: 'somebody of one tenant, with an app role',
      claims: { aud: 'another' },
      says: '400 invalid_request',
    },
  ],
}
