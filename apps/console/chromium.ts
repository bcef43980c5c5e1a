import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PROGRAM = process.env.CHROMIUM || '/usr/bin/chromium'

/** Why no page can be looked at here; `undefined` when Debian's Chromium, or the one that CHROMIUM names, is there. */
export const noChromium = existsSync(PROGRAM)
  ? undefined
  : `${PROGRAM} is missing: \`apt-get install -y chromium\`, or name another in CHROMIUM`

/** Starts it without a window, with a profile of its own, and nothing of its own to say on the network. */
export function openChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: PROGRAM,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
