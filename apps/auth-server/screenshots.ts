// The pictures of the pages in docs/authorization-server.md: `pnpm screenshots`.
import { fileURLToPath } from 'node:url'
import * as openid from 'openid-client'
import { noChromium, openChromium } from '../console/chromium.ts'
import { DEMO, startAuthServer, WEB } from './host.ts'
import { caught, clientPage } from './person.ts'

if (noChromium) {
  console.error(noChromium)
  process.exit(1)
}
const [server, browser, client] = await Promise.all([startAuthServer('fastify'), openChromium(), clientPage()])
try {
  const config = await openid.discovery(new URL(server.issuer), WEB, undefined, openid.None(), {
    execute: [openid.allowInsecureRequests],
  })
  for (const [name, locale, colorScheme] of [
    ['', 'en-GB', 'light'],
    ['-dark-ko', 'ko-KR', 'dark'],
  ] as const) {
    const context = await browser.newContext({ locale, colorScheme, viewport: { width: 400, height: 560 } })
    const page = await context.newPage()
    const picture = async (what: string) => {
      await page.evaluate('document.activeElement.blur()')
      const file = `pages-${what}${name}.png`
      await page.screenshot({ path: fileURLToPath(new URL(`../../docs/${file}`, import.meta.url)), fullPage: true })
      console.log(`docs/${file}`)
    }
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: client.back,
      scope: 'openid offline_access posts:read',
      prompt: 'consent',
      code_challenge: await openid.calculatePKCECodeChallenge(openid.randomPKCECodeVerifier()),
      code_challenge_method: 'S256',
    })
    await page.goto(url.href)
    await picture('sign-in')
    await page.fill('#username', DEMO.username)
    await page.fill('#password', DEMO.password)
    await page.click('button.main')
    await page.waitForSelector('ul')
    await picture('consent')
    const back = caught(page, client.back)
    await page.click('button.main')
    await back
    await page.goto(`${server.issuer}/oauth/account`)
    await picture('account')
    await context.close()
  }
} finally {
  client.close()
  await browser.close()
  await server.stop()
}
