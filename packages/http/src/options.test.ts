import { expect, test } from 'vitest'
import { checkOptions } from './options.ts'

test('a misspelled option is refused where it is given, with the names there are', () => {
  expect(() => checkOptions('bearer()', { relm: 'x' }, ['realm', 'name'])).toThrow(
    new TypeError('bearer() has no option "relm": there are realm, name; did you mean "realm"?'),
  )
  for (const wrong of ['x', 1, null, []]) expect(() => checkOptions('bearer()', wrong, ['realm'])).toThrow(TypeError)
  for (const right of [undefined, {}, { realm: 'x' }, { realm: undefined }]) checkOptions('bearer()', right, ['realm'])
})

test.each([
  ['audiences', 'audience'],
  ['Audience', 'audience'],
  ['audeince', 'audience'],
  ['scope', 'scopes'],
  ['aud', undefined],
  ['on', undefined],
  ['principal', undefined],
])('%s: was %s meant?', (name, meant) => {
  const call = () => checkOptions('made', { [name]: 1 }, ['audience', 'scopes', 'in'])
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
  expect(call).toThrow(new TypeError(`made has no option "${name}": there are audience, scopes, in${hint}`))
})
