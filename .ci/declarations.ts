// Reads the built declarations of a package: which names an entry exports, and the text that declares each.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A name's declarations, and the file they stand in. */
export interface Declared {
  readonly name: string
  readonly file: string
  readonly text: string
}

interface Source {
  /** Local name → its declarations, overloads and merged interfaces together. */
  readonly declared: ReadonlyMap<string, string>
  /** Local name → where else it comes from. */
  readonly elsewhere: ReadonlyMap<string, { readonly file: string; readonly name: string }>
  readonly exported: ReadonlySet<string>
}

const sources = new Map<string, Source>()

/** The names that a declaration file exports. */
export function exportsOf(file: string): readonly string[] {
  return [...sourceOf(file).exported].sort()
}

/** Follows a name from a file to where it is declared; `undefined` for what comes from another package. */
export function declarationOf(file: string, name: string): Declared | undefined {
  const { declared, elsewhere } = sourceOf(file)
  const text = declared.get(name)
  if (text !== undefined) return { name, file, text }
  const next = elsewhere.get(name)
  return next && declarationOf(next.file, next.name)
}

/** The declarations of the package that a declaration names, itself left out. */
export function namedBy({ file, name, text }: Declared): readonly Declared[] {
  const bare = text.replace(/'[^'\n]*'|"[^"\n]*"/g, '')
  const inline = [...text.matchAll(/import\("(\.[^"]+)"\)\.(\w+)/g)].map(([, from, other]) =>
    declarationOf(join(dirname(file), declarationFile(from as string)), other as string),
  )
  const plain = [...new Set(bare.match(/[A-Za-z_$][\w$]*/g))].map((word) => declarationOf(file, word))
  return [...inline, ...plain].filter(
    (one) => one !== undefined && (one.file !== file || one.name !== name),
  ) as Declared[]
}

function sourceOf(file: string): Source {
  const known = sources.get(file)
  if (known) return known
  const declared = new Map<string, string>()
  const elsewhere = new Map<string, { file: string; name: string }>()
  const exported = new Set<string>()
  const source = { declared, elsewhere, exported }
  sources.set(file, source)
  for (const text of statementsOf(readFileSync(file, 'utf8'))) {
    const from = / from ['"](\.[^'"]+)['"];?$/.exec(text)?.[1]
    const target = from && join(dirname(file), declarationFile(from))
    if (/^export \* from/.test(text) && target) {
      for (const name of exportsOf(target)) {
        exported.add(name)
        elsewhere.set(name, { file: target, name })
      }
    } else if (/^(import|export)( type)? \{/.test(text)) {
      for (const [name, outside] of listed(text)) {
        if (text.startsWith('export')) exported.add(outside)
        const local = text.startsWith('export') ? outside : name
        if (target) elsewhere.set(local, { file: target, name: text.startsWith('export') ? name : outside })
        else if (text.startsWith('export') && !/ from /.test(text) && name !== outside)
          elsewhere.set(outside, { file, name })
      }
    } else {
      const name =
        /^(?:export )?(?:default )?(?:declare )?(?:abstract )?(?:const|let|var|function|class|interface|type|enum|namespace) ([\w$]+)/.exec(
          text,
        )?.[1]
      if (name === undefined) continue
      if (text.startsWith('export')) exported.add(name)
      declared.set(name, declared.has(name) ? `${declared.get(name)}\n${text}` : text)
    }
  }
  return source
}

/** The statements of a declaration file, without comments: each begins at the left margin. */
function statementsOf(text: string): readonly string[] {
  const bare = text.replace(
    /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/.*/g,
    '$1',
  )
  const found: string[] = []
  for (const line of bare.split('\n').map((one) => one.trimEnd())) {
    if (line === '') continue
    if (/^[\w]/.test(line)) found.push(line)
    else found.push(`${found.pop() ?? ''}\n${line}`)
  }
  return found
}

/** `{ a, type B as C }` → [a, a], [B, C]. */
function listed(text: string): readonly (readonly [string, string])[] {
  const inside = /\{([\s\S]*?)\}/.exec(text)?.[1] ?? ''
  return inside
    .split(',')
    .map((part) => part.trim().replace(/^type /, ''))
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', outside = name] = part.split(' as ')
      return [name, outside] as const
    })
}

function declarationFile(from: string): string {
  return from.replace(/\.[jt]s$/, '.d.ts')
}
