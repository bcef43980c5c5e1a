// A module that prints, as one with a logger does.
import { bearer, policy } from '@countersign/policy'

console.log('log at import')
console.info('info at import')
process.stdout.write('write at import\n')

export const noisy = policy({
  name: 'noisy',
  accept: bearer(() => {
    console.log('log of a verifier')
    return undefined
  }),
})
