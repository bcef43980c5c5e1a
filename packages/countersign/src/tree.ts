import { styleText } from 'node:util'
import type { Explanation, Step } from '@countersign/policy'

const MARK = { true: styleText('green', '✓'), false: styleText('red', '✗'), null: styleText('dim', '·') } as const

/** An explanation as lines for a terminal: coloured where that is one. */
export function tree({ policy, status, code, challenges, steps }: Explanation): string {
  const answer = status === undefined ? styleText('green', 'passes') : `${styleText('red', `${status}`)} ${code}`
  const lines = [
    styleText('bold', `policy "${plain(policy)}"`),
    ...branches(steps, ''),
    `→ ${answer}`,
    ...challenges.map((challenge) => `  WWW-Authenticate: ${plain(challenge)}`),
  ]
  return `${lines.join('\n')}\n`
}

function branches(steps: readonly Step[], indent: string): string[] {
  return steps.flatMap((step, at) => {
    const last = at === steps.length - 1
    const inner = branches(step.steps ?? [], `${indent}${last ? '   ' : '│  '}`)
    return [`${indent}${last ? '└─' : '├─'} ${line(step)}`, ...inner]
  })
}

function line({ what, held, reason, expected, got, steps = [] }: Step): string {
  const why = plain([reason, expected && `expected ${expected}`, got && `got ${got}`].filter(Boolean).join(', '))
  const nothing = held === null && !why && steps.length === 0 ? styleText('dim', '  nothing sent') : ''
  return `${MARK[`${held}`]} ${plain(what)}${why && `: ${why}`}${nothing}`
}

/** What a token or an application says: on one line, and nothing that a terminal obeys. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}
