/** What a store was seen to do; milliseconds, sorted. */
export interface Result {
  readonly name: string
  readonly refused: readonly number[]
  readonly written: readonly number[]
}
export interface Cost {
  readonly live: number
  readonly microseconds: number
  readonly perSecond: number
  readonly storeCalls: number
  readonly heap: number
}
export interface Results {
  readonly date: string
  readonly machine: string
  readonly rounds: number
  readonly stores: readonly Result[]
  readonly cost: readonly Cost[]
}

export function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function page({ date, machine, rounds, stores, cost }: Results): string {
  const ms = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(0))
  return `# From one process to the others

<!-- Written by \`npm run demo:revoke\`. -->

${date}, ${machine}. Three processes share a store. In each of ${rounds} rounds A makes a token, B and C are asked about it every millisecond, A revokes
it: milliseconds from the call of \`revoke\` on A until B and C refused it.

![How many of the refusals came within how many milliseconds, for each store](revocation.svg)

| store | median | 99 of 100 | the latest | \`revoke\` itself, median |
| --- | --: | --: | --: | --: |
${stores.map(({ name, refused, written }) => `| ${name} | ${ms(at(refused, 0.5))} ms | ${ms(at(refused, 0.99))} ms | ${ms(refused.at(-1) as number)} ms | ${ms(at(written, 0.5))} ms |`).join('\n')}

Redis and PostgreSQL tell at once (a stream, NOTIFY); SQLite is asked every 100 ms, and does not know of other machines. When nothing tells, a token is
judged by what is at most 2 s old, and past that the store is asked.

## What revocations that are in force cost a request

A policy judging tokens that it has judged before, 512 in turn, in one process. The store counts how often it is asked.

| in force | µs of CPU a request | requests a second on one core | questions to the store | heap |
| --: | --: | --: | --: | --: |
${cost.map(({ live, microseconds, perSecond, storeCalls, heap }) => `| ${live.toLocaleString('en')} | ${microseconds.toFixed(2)} | ${perSecond.toLocaleString('en')} | ${storeCalls} | ${heap} MB |`).join('\n')}
`
}
