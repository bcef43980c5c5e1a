import type { Fault, Guard } from './fault.ts'

/** The table of the README, one row a case. `seen`: what was seen without a guard, or with all of them. */
export function table(faults: readonly Fault[], seen: (fault: Fault, guard?: Guard) => string): string {
  const rows = faults.map((fault) => {
    const { id, on, done, holds, guards, unshown = [] } = fault
    const without = [
      ...guards.map((guard) => `without "${guard.what}": ${seen(fault, guard)}`),
      ...unshown.map((why) => `not shown: ${why}`),
    ]
    return row([id, on, done, holds, without.join('<br>'), seen(fault)])
  })
  return [row(HEAD), row(HEAD.map(() => '---')), ...rows].join('\n')
}

const HEAD = [
  'row',
  'on',
  'what is done',
  'what must hold',
  'seen with a guard taken out',
  'seen with the code as it is',
]

const row = (cells: readonly string[]) =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`

/** Between these lines of the README stands the table. */
const [BEGIN, END] = ['<!-- made by UPDATE=1 pnpm test:faults -->', '<!-- end -->']

export function tableIn(page: string): string {
  return page.slice(page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)).trim()
}

export function withTable(page: string, text: string): string {
  return `${page.slice(0, page.indexOf(BEGIN))}${BEGIN}\n\n${text}\n\n${page.slice(page.indexOf(END))}`
}
