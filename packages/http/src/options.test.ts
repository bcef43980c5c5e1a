import { expect, test } from 'vitest'
import { checkOptions } from './options.ts'

test('a misspelled option is refused where it is given, with the names there are', () => {
  expect(() => checkOptions('bearer()', { relm: 'x' }, ['realm', 'name'])).toThrow(
    new TypeError('bearer() has no option "relm": there are realm, name'),
  )
  for (const wrong of ['x', 1, null, []]) expect(() => checkOptions('bearer()', wrong, ['realm'])).toThrow(TypeError)
  for (const right of [undefined, {}, { realm: 'x' }, { realm: undefined }]) checkOptions('bearer()', right, ['realm'])
})
