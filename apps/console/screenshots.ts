// The pictures of docs/console.md: `pnpm screenshots`.
import { fileURLToPath } from 'node:url'
import { startHost } from '@countersign/conformance'
import { HOSTS } from '@sample/hosts'
import type { BrowserContextOptions } from 'playwright-core'
import { noChromium, openChromium } from './chromium.ts'
import { type Choice, send, visit } from './visit.ts'

const WIDE = { viewport: { width: 1280, height: 480 } } as const
const PICTURES: Readonly<
  Record<string, { readonly options: BrowserContextOptions; readonly sent: readonly Choice[] }>
> = {
  refused: { options: WIDE, sent: [{ kind: 'changed' }] },
  passed: { options: WIDE, sent: [{ route: 'POST /posts', kind: 'token', user: 'admintak01 (author)' }] },
  dark: {
    options: { ...WIDE, colorScheme: 'dark' },
    sent: [{ route: 'DELETE /posts/:id', kind: 'basic', user: 'admintak02 (reader)' }],
  },
}

if (noChromium) {
  console.error(noChromium)
  process.exit(1)
}
const host = await startHost(HOSTS.fastify as string)
const browser = await openChromium()
try {
  for (const [name, { options, sent }] of Object.entries(PICTURES)) {
    const page = await visit(browser, `http://127.0.0.1:${host.port}/`, options)
    for (const choice of sent) await send(page, choice)
    // The button keeps the keyboard; a picture needs no ring around it.
    await page.evaluate('document.activeElement.blur(); scrollTo(0, 0)')
    const path = fileURLToPath(new URL(`../../docs/console-${name}.png`, import.meta.url))
    await page.screenshot({ path, fullPage: true })
    console.log(`docs/console-${name}.png`)
  }
} finally {
  await browser.close()
  await host.stop()
}
