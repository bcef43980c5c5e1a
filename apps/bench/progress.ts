/** One line that is written over and over at a terminal; lines of their own elsewhere. */
export function show(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${line.slice(0, 110).padEnd(110)}`)
  else process.stderr.write(`${line}\n`)
}

export function minutes(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000)
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}
