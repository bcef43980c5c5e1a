import { request } from 'node:http'

export interface Page {
  readonly url: string
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  readonly location: string | undefined
}

export interface Browser {
  readonly jar: Map<string, Map<string, string>>
  /** One request, with the cookies of its origin. */
  ask(url: string, options?: AskOptions): Promise<Page>
  /** As a person who opens an address: through every redirect to the page at the end, or to the first that `until` holds for. */
  open(url: string, until?: (url: string) => boolean): Promise<Page>
  cookie(origin: string, name: string): string | undefined
  /** The same cookies, in another jar. */
  copy(): Browser
}

interface AskOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string
}

/** A browser as far as sign-ins need one: origins, redirects, and a cookie jar that drops what real ones drop. */
export function browser(places: Readonly<Record<string, number>>, jar: Browser['jar'] = new Map()): Browser {
  const self: Browser = {
    jar,
    async ask(url, options = {}) {
      const { origin, pathname, search, hostname, port } = new URL(url)
      const cookies = jar.get(origin) ?? new Map<string, string>()
      const line = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const page = await send(places[origin] ?? Number(port), `${pathname}${search}`, {
        ...options,
        headers: {
          host: places[origin] === undefined ? `${hostname}:${port}` : hostname,
          ...(line && { cookie: line }),
          ...options.headers,
        },
      })
      keep(origin, page.headers['set-cookie'])
      const { location } = page.headers
      return { ...page, url, location: typeof location === 'string' ? new URL(location, url).href : undefined }
    },
    async open(url, until) {
      let page = await self.ask(url)
      for (let hops = 0; page.location !== undefined && hops < 20; hops++) {
        if (until?.(page.location)) return page
        page = await self.ask(page.location)
      }
      return page
    },
    cookie: (origin, name) => jar.get(origin)?.get(name),
    copy: () => browser(places, new Map([...jar].map(([origin, cookies]) => [origin, new Map(cookies)]))),
  }
  return self

  function keep(origin: string, lines: string | string[] | undefined): void {
    const cookies = jar.get(origin) ?? new Map<string, string>()
    jar.set(origin, cookies)
    for (const line of [lines ?? []].flat()) {
      const [pair = '', ...attributes] = line.split('; ')
      const name = pair.slice(0, pair.indexOf('='))
      const value = pair.slice(pair.indexOf('=') + 1)
      const says = (text: string) => attributes.some((one) => one.toLowerCase() === text)
      if (name.length + value.length > 4096) continue
      if (name.startsWith('__Host-') && !(says('secure') && says('path=/'))) continue
      if (says('max-age=0') || value === '' || /expires=thu, 01 jan 1970/i.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
  }
}

function send(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body }: AskOptions,
): Promise<Omit<Page, 'url' | 'location'>> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        headers: {
          ...headers,
          ...(body !== undefined && { 'content-length': `${Buffer.byteLength(body)}` }),
        } as Record<string, string>,
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        )
      },
    )
    asked.on('error', reject).end(body)
  })
}
