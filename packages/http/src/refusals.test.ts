import { expect, test } from 'vitest'
import { throwsRefusals } from './index.ts'

test('refusals are sent unless they are to be thrown; another word or option is refused by name', () => {
  expect([undefined, {}, { refusals: 'send' } as const].map((one) => throwsRefusals('validate()', one))).toEqual([
    false,
    false,
    false,
  ])
  expect(throwsRefusals('validate()', { refusals: 'throw' })).toBe(true)
  expect(() => throwsRefusals('validate()', { refusals: 'thow' } as never)).toThrow(
    new TypeError('option "refusals" of validate() must be "send" or "throw"'),
  )
  expect(() => throwsRefusals('validate()', { refusal: 'throw' } as never)).toThrow('did you mean "refusals"?')
})
