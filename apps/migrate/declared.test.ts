import { expect, test } from 'vitest'
import { declaredBy, readFrom } from './declared.ts'

const FILE = `
/** interface Options { no: 1 } */
export type Options = {
    /** A function; with { braces } and a semicolon. */
    secret: string | ((request: { url: string }, cb: (e: Error | null) => void) => Promise<string>);
    cache?: {
        keys?: { ttl?: number };
    };
    readonly 'quoted'?: boolean;
    [name: string]: unknown;
} & other.Verify & More$1;
export interface More$1 extends Omit<Base, 'age'> {
  age: number
  key: A | { public: string, private?: string }
  sign(payload: { x: number }): string
}
type After = { later: 1 }
`

test('members, nested ones, and what a type stands on', () => {
  expect(declaredBy(FILE, 'Options')).toEqual({
    names: ['secret', 'cache', 'cache.keys', 'cache.keys.ttl', 'quoted'],
    refers: ['Verify', 'More$1'],
  })
  expect(declaredBy(FILE, 'More$1')).toEqual({
    names: ['age', 'key', 'key.public', 'key.private', 'sign'],
    refers: ['Base'],
  })
})

test('a new member, a new base and a type that is gone are noticed', () => {
  expect(declaredBy(FILE.replace('age: number', 'age: number\n  fresh?: boolean'), 'More$1').names).toContain('fresh')
  expect(declaredBy(FILE.replace('& More$1', '& More$1 & Extra'), 'Options').refers).toContain('Extra')
  expect(() => declaredBy(FILE, 'Gone')).toThrow('there is no type Gone any more')
})

test('what a source reads', () => {
  expect(readFrom('/* options.no */ if (options.a) x(self.options.b, options.a)', 'options')).toEqual(['a', 'b'])
})
