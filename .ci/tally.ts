// Counts checks by name, and ends a command with "N passed, N failed".

let passed = 0
let failed = 0

/** Runs one check; a throw is its failure, said with its name. Answers what the check gave, or `undefined`. */
export async function check<T>(name: string, work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    const found = await work()
    passed++
    return found
  } catch (error) {
    failed++
    console.log(`   FAILED ${name}\n${indent((error as Error).message)}`)
    return undefined
  }
}

/** Fails the check that it stands in. */
export function must(condition: unknown, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise)
}

/** How many checks went wrong so far. */
export const failures = () => failed

/** Says the count, and ends the process: 0 when something was checked and nothing failed. */
export function close(): never {
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed > 0 || passed === 0 ? 1 : 0)
}

function indent(text: string): string {
  return text.replace(/^/gm, '      ')
}
