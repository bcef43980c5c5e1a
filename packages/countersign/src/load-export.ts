import { pathToFileURL } from 'node:url'

/** What a command asks a module of the user's for. */
export interface Wanted<T> {
  /** In messages: `policy`. */
  readonly what: string
  readonly several: string
  /** What a value of this kind comes from: `policy()`. */
  readonly maker: string
  /** By shape: the module may hold another copy of the package. */
  readonly is: (value: unknown) => value is T
}

/** The export that `./module.ts#name` means; the name may be left out where there is one. Throws in words. */
export async function loadExport<T>(where: string, { what, several, maker, is }: Wanted<T>): Promise<T> {
  const [file = '', name] = where.split('#', 2)
  const module = await import(pathToFileURL(file).href).catch((error) => {
    throw new Error(`${file} cannot be loaded: ${error instanceof Error ? error.message : error}`)
  })
  const fitting = Object.entries<unknown>(module).filter(([, value]) => is(value)) as [string, T][]
  const names = fitting.map(([one]) => `${file}#${one}`).join('\n  ')
  if (fitting.length === 0) throw new Error(`${file} exports no ${what}: export the value that ${maker} returns`)
  if (name === undefined && fitting.length > 1)
    throw new Error(`${file} exports several ${several}; which?\n  ${names}`)
  const found = name === undefined ? fitting[0]?.[1] : fitting.find(([one]) => one === name)?.[1]
  if (!found) throw new Error(`${file} exports no ${what} "${name}"; it has\n  ${names}`)
  return found
}
