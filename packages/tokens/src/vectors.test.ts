import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isAuthError } from '@countersign/http'
import { describe, expect, test } from 'vitest'
import { type Algorithm, ASYMMETRIC } from './algorithm.ts'
import { importKeys, type Jwk, type JwkSet, verifyJws } from './index.ts'
import { parseClaims } from './parse.ts'

/** What others published: read from beside the repository, never copied into it. */
const VECTORS = new URL('../../../../shared/vectors/', import.meta.url)
const here = existsSync(VECTORS)
if (!here) console.warn('\n!!! ../shared/vectors is not here: 401 + 83 + 54 + 95 published vectors are LEFT OUT\n')

const ALL: readonly Algorithm[] = [...ASYMMETRIC, 'HS256', 'HS384', 'HS512']

async function accepts(jws: unknown, keys: Jwk | JwkSet): Promise<boolean> {
  try {
    return !isAuthError(await verifyJws(jws as string, importKeys(keys), ALL))
  } catch (error) {
    if (error instanceof TypeError && error.message.startsWith('importKeys:')) return false
    throw error
  }
}

interface Wycheproof {
  readonly testGroups: readonly {
    readonly public?: Jwk
    readonly private?: Jwk
    readonly tests: readonly { tcId: number; jws?: unknown; jwe?: unknown; result: string; flags: string[] }[]
  }[]
}

const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8')) as T

async function runWycheproof(file: string, overrides: Record<string, string>) {
  const counts = { accepted: 0, refused: 0, jwe: 0, json: 0 }
  const wrong: number[] = []
  for (const group of read<Wycheproof>(`wycheproof/${file}.json`).testGroups) {
    for (const { tcId, jws, jwe, result, flags } of group.tests) {
      const accepted = await accepts(jws ?? jwe, group.public ?? (group.private as Jwk))
      counts[accepted ? 'accepted' : 'refused']++
      if (flags.includes('JsonSerialization')) counts.json++
      // Encryption is not offered here: whatever the vector says, it counts as refused.
      if (jwe !== undefined) counts.jwe++
      const wanted = jwe === undefined && (overrides[tcId] ?? result) === 'valid'
      if (accepted !== wanted) wrong.push(tcId)
    }
  }
  console.log(`${file}: ${JSON.stringify(counts)} (jwe and json: not offered, refused)`)
  return { counts, wrong }
}

describe.skipIf(!here)('published vectors', () => {
  test('Wycheproof json_web_signature: 401 verdicts, 8 of them overridden', async () => {
    const overrides = read<{ json_web_signature_test: Record<string, string> }>('wycheproof/overrides.json')
    expect(Object.keys(overrides.json_web_signature_test)).toHaveLength(8)
    const { counts, wrong } = await runWycheproof('json_web_signature_test', overrides.json_web_signature_test)
    expect(wrong).toEqual([])
    expect(counts.accepted + counts.refused).toBe(401)
    expect(counts).toMatchObject({ accepted: 42, jwe: 0, json: 1 })
  })

  test('Wycheproof json_web_crypto: 49 signatures by their verdict, 34 encryptions refused', async () => {
    const { counts, wrong } = await runWycheproof('json_web_crypto_test', {})
    expect(wrong).toEqual([])
    expect(counts.accepted + counts.refused).toBe(83)
    expect(counts).toMatchObject({ accepted: 4, jwe: 34, json: 2 })
  })

  test('JOSE cookbook: of 54 serialisations the 4 compact signatures accepted, the other 50 refused', async () => {
    const jws = await runCookbook(['jws'])
    const jwe = await runCookbook(['jwe'])
    console.log(`jose-cookbook: jws ${JSON.stringify(jws)}, jwe ${JSON.stringify(jwe)} (not offered, refused)`)
    // Refused: 4.5 (detached), and whatever is JSON.
    expect(jws).toEqual({ accepted: ['4_1 compact', '4_2 compact', '4_3 compact', '4_4 compact'], refused: 16 })
    expect(jwe).toEqual({ accepted: [], refused: 34 })
  })

  test('RFC 8037, RFC 7797 and the nested token: 2 compact signatures accepted, 10 others refused', async () => {
    expect(await runCookbook(['curve25519', 'rfc7797'])).toEqual({ accepted: ['jws compact'], refused: 10 })
    const { sign } = read<{ sign: Cookbook }>('jose-cookbook/6.nesting_signatures_and_encryption.json')
    expect(await accepts(sign.output.compact, sign.input.key)).toBe(true)
  })

  test('JSONTestSuite: 95 files that a parser must accept, of which strict claims refuse the duplicates', () => {
    const names = readdirSync(new URL('json-accept/', VECTORS)).filter((name) => name.endsWith('.json'))
    expect(names).toHaveLength(95)
    const refused = names.filter((name) => {
      const text = readFileSync(new URL(`json-accept/${name}`, VECTORS), 'utf8')
      const wrapped = parseClaims(Buffer.from(`{"value":${text}}`))
      return isAuthError(wrapped)
    })
    expect(refused).toEqual(['y_object_duplicated_key.json', 'y_object_duplicated_key_and_value.json'])
  })
})

interface Cookbook {
  readonly input: { readonly key: Jwk }
  readonly output: Readonly<Record<string, unknown>>
}

async function runCookbook(folders: readonly string[]) {
  const counts = { accepted: [] as string[], refused: 0 }
  for (const folder of folders) {
    for (const name of readdirSync(new URL(`jose-cookbook/${folder}/`, VECTORS)).toSorted()) {
      const { input, output } = read<Cookbook>(`jose-cookbook/${folder}/${name}`)
      for (const form of ['compact', 'json', 'json_flat'].filter((one) => output[one] !== undefined)) {
        if (await accepts(output[form], [input.key].flat()[0] as Jwk))
          counts.accepted.push(`${name.split('.')[0]} ${form}`)
        else counts.refused++
      }
    }
  }
  return counts
}
