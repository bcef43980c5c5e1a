/** Markup that is safe to stand in a page: it came from `html`, which escapes all that it is given. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
type Part = string | number | Html | false | undefined | readonly Part[]

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A piece of a page. Whatever is put in is escaped, but for markup; `false` and `undefined` leave nothing behind. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(texts.map((text, at) => (at === 0 ? text : written(parts[at - 1]) + text)).join(''))
}

function written(part: Part): string {
  if (part === false || part === undefined) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(written).join('')
  return `${part}`.replace(/[&<>"']/g, (character) => ESCAPES[character] as string)
}
