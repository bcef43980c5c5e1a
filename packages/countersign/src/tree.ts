import { styleText } from 'node:util'
import type { Check, Explanation } from '@countersign/policy'

const MARK = { true: styleText('green', '✓'), false: styleText('red', '✗'), undefined: styleText('dim', '·') } as const

/** An explanation as lines for a terminal: coloured where that is one. */
export function tree({ policy, status, code, challenges, checks }: Explanation): string {
  const answer = status === undefined ? styleText('green', 'passes') : `${styleText('red', `${status}`)} ${code}`
  const lines = [
    styleText('bold', `policy "${policy}"`),
    ...branches(checks, ''),
    `→ ${answer}`,
    ...challenges.map((challenge) => `  WWW-Authenticate: ${challenge}`),
  ]
  return `${lines.join('\n')}\n`
}

function branches(checks: readonly Check[], indent: string): string[] {
  return checks.flatMap((check, at) => {
    const last = at === checks.length - 1
    const inner = branches(check.checks ?? [], `${indent}${last ? '   ' : '│  '}`)
    return [`${indent}${last ? '└─' : '├─'} ${line(check)}`, ...inner]
  })
}

function line({ what, held, reason, expected, got }: Check): string {
  const why = [reason, expected && `expected ${expected}`, got && `got ${got}`].filter(Boolean).join(', ')
  const nothing = held === undefined && !why ? styleText('dim', '  nothing sent') : ''
  return `${MARK[`${held}`]} ${what}${why && `: ${why}`}${nothing}`
}
