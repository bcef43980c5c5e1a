// Reads the names of options out of type declarations and sources, so that a release with a new one is noticed.

export interface Declared {
  /** Members, nested ones with a dot between. */
  readonly names: readonly string[]
  /** Types that it extends or is joined with: their members are options too. */
  readonly refers: readonly string[]
}

/** What an interface or a type of a declaration file declares. Throws where there is no such type. */
export function declaredBy(source: string, type: string): Declared {
  const text = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
  const start = new RegExp(`\\b(?:interface|type) ${type.replace('$', '\\$')}\\b(?![$\\w])`).exec(text)
  if (!start) throw new Error(`there is no type ${type} any more: look where its options went`)
  const rest = text.slice(start.index + start[0].length)
  const end = start[0].startsWith('interface') ? blockEnd(rest, rest.indexOf('{')) : statementEnd(rest)
  const declaration = rest.slice(0, end)
  const blocks = blocksOf(declaration)
  const outside = blocks.reduce((left, block) => left.replace(block, ''), declaration)
  const refers = [...outside.matchAll(/\b(?:\w+\.)?([A-Z][\w$]*)/g)].map(([, name]) => name as string)
  const known = ['Omit', 'Partial', 'Promise', 'RegExp', 'Buffer', 'Array', 'Record']
  return { names: blocks.flatMap(namesOf), refers: [...new Set(refers.filter((name) => !known.includes(name)))] }
}

/** Every `object.name` of a source. */
export function readFrom(source: string, object: string): readonly string[] {
  const text = source.replace(/\/\*[\s\S]*?\*\//g, '')
  return [...new Set([...text.matchAll(new RegExp(`\\b${object}\\.(\\w+)`, 'g'))].map(([, name]) => name as string))]
}

const OPEN = '{([<'
const CLOSE = '})]>'

/** Calls `at` for each character outside of brackets; `=>` is no bracket. Stops where it says so. */
function walk(text: string, at: (character: string, index: number) => boolean, from = 0): number {
  let depth = 0
  for (let index = from; index < text.length; index++) {
    const character = text[index] as string
    if (depth === 0 && at(character, index)) return index
    if (OPEN.includes(character)) depth++
    else if (CLOSE.includes(character) && text[index - 1] !== '=') depth--
  }
  return text.length
}

/** Where the type ends: a semicolon or a line after which no `|` or `&` goes on. */
function statementEnd(text: string): number {
  return walk(text, (character, index) => {
    if (character === ';') return true
    return character === '\n' && !/^\s*[|&=]/.test(text.slice(index)) && !/[|&=]\s*$/.test(text.slice(0, index))
  })
}

function blockEnd(text: string, from: number): number {
  return walk(text, (_, index) => index > from, from) // the first character behind the bracket
}

/** The texts `{ … }` that stand outside of all brackets. */
function blocksOf(text: string): readonly string[] {
  const found: string[] = []
  walk(text, (character, index) => {
    if (character === '{') found.push(text.slice(index, blockEnd(text, index)))
    return false
  })
  return found
}

function namesOf(block: string): readonly string[] {
  const inner = block.slice(1, -1)
  const members: string[] = []
  let from = 0
  walk(inner, (character, index) => {
    const ends =
      character === ';' || character === ',' || (character === '\n' && !/^\s*[|&?:=]/.test(inner.slice(index)))
    if (ends) {
      members.push(inner.slice(from, index))
      from = index + 1
    }
    return false
  })
  members.push(inner.slice(from))
  return [...new Set(members.flatMap(memberNames))]
}

function memberNames(member: string): readonly string[] {
  const [, , name, type = ''] = /^\s*(?:readonly\s+)?(['"]?)([\w$#]+)\1\??\s*([:(<][\s\S]*)$/.exec(member) ?? []
  if (name === undefined) return []
  const nested = type.startsWith(':') ? blocksOf(type.slice(1)).flatMap(namesOf) : []
  return [name, ...nested.map((inner) => `${name}.${inner}`)]
}
