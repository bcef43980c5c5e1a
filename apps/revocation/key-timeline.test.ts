import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { keyDays, keyTimeline, PICTURE } from './key-timeline.ts'

test('the picture of the key timeline is what the code does: `node apps/revocation/key-timeline.ts` draws it', async () => {
  expect(keyTimeline(await keyDays()) === readFileSync(PICTURE, 'utf8')).toBe(true)
})
