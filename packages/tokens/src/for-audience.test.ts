import { isAuthError } from '@countersign/http'
import { memoryStore } from '@countersign/store'
import { describe, expect, test } from 'vitest'
import { localIssuer } from './index.ts'

const API = 'https://api.acme.com'
const MCP = 'https://api.acme.com/mcp'

describe('forAudience of a local issuer', () => {
  test('judges tokens for that audience alone, and the issuer those for its own', async () => {
    const store = memoryStore()
    const own = localIssuer({ issuer: API, audience: API, store })
    const beside = localIssuer({ issuer: API, audience: MCP, store })
    const { access_token: forApi } = await own.issue({ subject: 'ada' })
    const { access_token: forMcp } = await beside.issue({ subject: 'ada' })
    const mcp = own.forAudience(MCP)
    expect(mcp.issuer).toBe(API)
    expect(await mcp.verify(forMcp)).toMatchObject({ subject: 'ada' })
    expect(await mcp.verify(forApi)).toMatchObject({ reason: 'token.audience' })
    expect(await own.verify(forMcp)).toMatchObject({ reason: 'token.audience' })
    // Once more, from what each remembers: nothing is shared.
    expect(await own.verify(forApi)).toMatchObject({ subject: 'ada' })
    expect(await mcp.verify(forApi)).toMatchObject({ reason: 'token.audience' })
    expect(await mcp.verify(forMcp)).toMatchObject({ subject: 'ada' })
  })

  test('knows of a revocation at once, also for a token that it remembers', async () => {
    const own = localIssuer({ issuer: API, audience: [API, MCP], store: memoryStore() })
    const mcp = own.forAudience(MCP)
    const { access_token: token } = await own.issue({ subject: 'ada' })
    const principal = await mcp.verify(token)
    if (principal === undefined || isAuthError(principal)) throw new Error('it is good')
    await own.revoke(principal)
    expect(await mcp.verify(token)).toMatchObject({ reason: 'token.revoked' })
  })

  test.each([undefined, '', [], [''], 7])('%j is no audience', (audience) => {
    const own = localIssuer({ issuer: API, audience: API, store: memoryStore() })
    expect(() => own.forAudience(audience as never)).toThrow('audience must be')
  })
})
