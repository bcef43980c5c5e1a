import { styleText } from 'node:util'
import type { Attack, Battery, Fault, LeftOutReason } from '@countersign/testing'

/** What came of an attack. */
export interface Result extends Pick<Attack, 'id' | 'name' | 'section' | 'sender' | 'severity'> {
  /** 0: no answer. */
  readonly status: number
  readonly fault?: Fault
}

export const isWayIn = ({ severity, fault }: Result) => fault?.kind === 'let in' && severity === 'way in'

/** What went wrong, the worst first: what it is called, and how it is counted. */
const SUMS: readonly { readonly colour: 'red' | 'yellow'; readonly says: string; is(result: Result): boolean }[] = [
  { colour: 'red', says: 'let in', is: isWayIn },
  {
    colour: 'yellow',
    says: 'taken where strictness refuses',
    is: (one) => one.fault?.kind === 'let in' && !isWayIn(one),
  },
  { colour: 'yellow', says: 'broke the server', is: ({ fault }) => fault?.kind === 'broke' },
  { colour: 'yellow', says: 'refused without a challenge', is: ({ fault }) => fault?.kind === 'no challenge' },
  { colour: 'yellow', says: 'answered otherwise', is: ({ fault }) => fault?.kind === 'another status' },
]

/** One JSON object a line. */
export function lines(results: readonly Result[], after?: string): string {
  const spoilt = after === undefined ? [] : [{ id: 'control', name: 'the good request after the attacks', says: after }]
  return [...results, ...spoilt].map((one) => `${JSON.stringify(one)}\n`).join('')
}

/** What to give, for what was left out. */
const GIVE: Partial<Readonly<Record<LeftOutReason, string>>> = {
  'no public keys': '--jwks',
  'no object of somebody else': '--other',
  'the issuer would have to sign it': 'attacksOn of @countersign/testing, inside your tests',
}

/** A table for people. `after`: what was wrong with the good request when all was sent. */
export function report(asked: string, results: readonly Result[], { leftOut }: Battery, after?: string): string {
  const width = Math.max(...results.map(({ name }) => name.length))
  const rows = results.map((result) => {
    const { name, status, fault, section } = result
    const colour = SUMS.find(({ is }) => is(result))?.colour ?? 'green'
    const mark = styleText(colour, { green: '✓', yellow: '!', red: '✗' }[colour])
    const why = fault ? `${styleText(colour, fault.says)}${styleText('dim', `  ${section}`)}` : ''
    return `${mark} ${name.padEnd(width)}  ${status || '—'}  ${why}`.trimEnd()
  })
  const reasons = [...new Set(leftOut.map(({ why }) => why))]
  const left = reasons.map((why) => {
    const ids = leftOut.filter((one) => one.why === why).map(({ id }) => id)
    return styleText('dim', `left out (${[why, GIVE[why]].filter(Boolean).join(': ')}): ${ids.join(', ')}`)
  })
  const sum = `${results.length} attacks: ${sumOf(results)}`
  const spoilt = after === undefined ? [] : [styleText('red', `after the attacks, so they prove nothing: ${after}`)]
  return `${[styleText('bold', asked), ...rows, ...left, sum, ...spoilt].join('\n')}\n`
}

function sumOf(results: readonly Result[]): string {
  const counted = SUMS.map(({ colour, says, is }) => ({ colour, says, count: results.filter(is).length }))
  const wrong = counted.filter(({ count }) => count > 0)
  if (wrong.length === 0) return styleText('green', 'every one was refused')
  return wrong.map(({ colour, says, count }) => styleText(colour, `${count} ${says}`)).join(', ')
}
