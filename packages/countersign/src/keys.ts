import { styleText } from 'node:util'
import type { KeyInfo, KeyPlan, LocalIssuer } from '@countersign/tokens'
import { EXIT } from './exit.ts'
import { loadExport } from './load-export.ts'

export interface KeysOptions {
  readonly issuer: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `countersign keys list`: the keys that an issuer signs with. */
export async function listKeys({ issuer, json }: KeysOptions) {
  const keys = await (await issuerAt(issuer)).keys.list()
  if (keys.length === 0)
    throw new Error(
      'no key is kept: the issuer was given its keys, or its store has none yet (the first is made when it is needed)',
    )
  return { text: json ? `${JSON.stringify(keys)}\n` : table(keys), exit: EXIT.right }
}

/** `countersign keys rotate`: publishes a next key, or lets the published one sign as soon as it may. */
export async function rotateKeys(options: KeysOptions) {
  const { keys } = await issuerAt(options.issuer)
  return told(await keys.rotate(dry(options)), options)
}

/** `countersign keys retire`: for a key that someone else may have. */
export async function retireKey(kid: string, options: KeysOptions) {
  const { keys } = await issuerAt(options.issuer)
  const plan = await keys.retire(kid, dry(options))
  const ends = options.dryRun ? 'would be refused at once' : 'are refused from now on, within 2 s on every process'
  return told(plan, options, `Tokens that ${kid} signed ${ends}. Who held one logs in again, or refreshes.\n`)
}

function issuerAt(where: string): Promise<LocalIssuer> {
  return loadExport(where, { what: 'issuer', several: 'issuers', maker: 'localIssuer()', is: isIssuer })
}

function isIssuer(value: unknown): value is LocalIssuer {
  const shape = value as Partial<LocalIssuer> | null | undefined
  return typeof shape === 'object' && typeof shape?.issue === 'function' && typeof shape.keys?.rotate === 'function'
}

function dry({ dryRun }: KeysOptions) {
  return dryRun === undefined ? {} : { dryRun }
}

function told({ keys, timeline }: KeyPlan, { json, dryRun }: KeysOptions, more = '') {
  if (json) return { text: `${JSON.stringify({ keys, timeline })}\n`, exit: EXIT.right }
  const head = dryRun ? styleText('bold', 'Nothing is changed. This is what it would come to:\n\n') : ''
  const steps = timeline.map(({ at, kid, what }) => `  ${time(at)}  ${kid}  ${what}`)
  const course = steps.length === 0 ? '' : `\n${styleText('bold', 'timeline')}\n${steps.join('\n')}\n`
  return { text: `${head}${table(keys)}${course}${more && `\n${more}`}`, exit: EXIT.right }
}

const COLOUR = { active: 'green', next: 'cyan', retiring: 'yellow', gone: 'dim' } as const

function table(keys: readonly KeyInfo[]): string {
  const rows = keys.map(({ kid, algorithm, state, signsFrom, goneAt }) => {
    const until = goneAt === undefined ? '' : `  gone ${time(goneAt)}`
    return `  ${styleText(COLOUR[state], state.padEnd(8))}  ${kid}  ${algorithm}  signs from ${time(signsFrom)}${until}`
  })
  return `${styleText('bold', 'keys')}\n${rows.join('\n')}\n`
}

function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
