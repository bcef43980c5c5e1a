import type { Algorithm } from './settings.ts'
import type { VerifierName } from './verifiers.ts'

/** What is asked of the verifiers in one process. */
export interface Scenario {
  readonly name: 'new' | 'repeated' | 'missing' | 'garbage' | 'forged' | 'expired'
  readonly algorithms: readonly Algorithm[]
  readonly says: string
  readonly verifiers: readonly VerifierName[]
  readonly accepted: boolean
}

const ALL: readonly Algorithm[] = ['HS256', 'RS256', 'ES256', 'EdDSA']
const PLAIN: readonly VerifierName[] = ['countersign', 'jose', 'jsonwebtoken', 'fast-jwt', 'floor']

export const SCENARIOS: readonly Scenario[] = [
  { name: 'new', algorithms: ALL, says: 'every token new, no cache', verifiers: PLAIN, accepted: true },
  {
    name: 'repeated',
    algorithms: ALL,
    says: '512 tokens in turn, cached',
    verifiers: [
      'countersign, its cache',
      'fast-jwt, its cache',
      'fast-jwt, its cache by the bare token',
      'floor with a map',
    ],
    accepted: true,
  },
  {
    name: 'missing',
    algorithms: ['HS256'],
    says: 'a full cache that always misses, beside none',
    verifiers: [
      'countersign',
      'countersign, its cache',
      'fast-jwt',
      'fast-jwt, its cache',
      'floor',
      'floor with a map',
    ],
    accepted: true,
  },
  { name: 'garbage', algorithms: ['RS256'], says: 'text that is no token', verifiers: PLAIN, accepted: false },
  { name: 'forged', algorithms: ['RS256'], says: 'a wrong signature', verifiers: PLAIN, accepted: false },
  { name: 'expired', algorithms: ['RS256'], says: 'expired an hour ago', verifiers: PLAIN, accepted: false },
]

/** jsonwebtoken knows no EdDSA. */
export function verifiersOf(scenario: Scenario, algorithm: Algorithm): readonly VerifierName[] {
  return scenario.verifiers.filter((name) => !(name === 'jsonwebtoken' && algorithm === 'EdDSA'))
}
