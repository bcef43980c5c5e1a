import { randomBytes } from 'node:crypto'
import { type BareItem, type Item, serializeDictionary } from 'structured-headers'
import { keyFor, signatureOf } from './algorithm.ts'
import type { Covered } from './component.ts'
import { clockOf, labelOf, secondsOf, textOf } from './options.ts'
import { signatureBase } from './signature-base.ts'
import type { SigningOptions } from './signing-options.ts'

/** The two fields that a signature adds. */
export interface SignatureFields {
  readonly 'signature-input': string
  readonly signature: string
}

/** Checks the options; gives a function that signs components of a message. */
export function signer(
  maker: string,
  options: SigningOptions,
): { readonly label: string; sign(message: Covered, components: readonly Item[]): SignatureFields } {
  const label = labelOf(maker, options.label ?? 'sig')
  const tag = textOf(maker, 'tag', options.tag)
  if (typeof options.keyid !== 'string')
    throw new TypeError(`${maker}: keyid must be what the other side knows the key by`)
  const keyid = textOf(maker, 'keyid', options.keyid)
  const key = keyFor(maker, options.algorithm, options.key, 'sign')
  const clock = clockOf(maker, options.clock)
  const { algorithm, expiresIn } = options
  if (expiresIn !== undefined) secondsOf(maker, 'expiresIn', expiresIn, 1, 86_400)

  return {
    label,
    sign(message, components) {
      const created = Math.floor(clock() / 1000)
      const parameters = new Map<string, BareItem>([
        ['created', created],
        ...(expiresIn === undefined ? [] : ([['expires', created + expiresIn]] as const)),
        ['keyid', keyid],
        ['nonce', randomBytes(16).toString('base64url')],
        ...(tag === undefined ? [] : ([['tag', tag]] as const)),
      ])
      return fieldsOf(label, message, components, parameters, (base) => signatureOf(algorithm, key, base))
    },
  }
}

/** Throws a TypeError for a component that the message does not have. */
export function fieldsOf(
  label: string,
  message: Covered,
  components: readonly Item[],
  parameters: Map<string, BareItem>,
  sign: (base: string) => Uint8Array,
): SignatureFields {
  const made = signatureBase(message, components, parameters)
  if ('missing' in made) throw new TypeError(`this message has no ${made.missing} to sign`)
  return {
    'signature-input': serializeDictionary(new Map([[label, [[...components], parameters]]])),
    signature: serializeDictionary(new Map([[label, [sign(made.base), new Map()]]])),
  }
}

/** A component by its name, of the request that is answered where `req` says so. */
export function component(name: string, parameters: readonly (readonly [string, BareItem])[] = []): Item {
  return [name, new Map(parameters)]
}
