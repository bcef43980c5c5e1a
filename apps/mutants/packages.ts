// npm test -- unit-mutants: guards of packages that no host has, each taken out; a test of the package must notice.
import { parseArgs } from 'node:util'
import { auditMutants, factMutants, verifyMutants } from './audit-log.ts'
import { gatewayMutants } from './gateway.ts'
import { signatureMutants } from './http-signatures.ts'
import { expressInventoryMutants, fastifyInventoryMutants, inventoryMutants } from './inventory.ts'
import { clientMutants } from './oauth-client.ts'
import { type PackageMutant, runPackageMutants } from './package-mutants.ts'
import { conditionMutants } from './policy.ts'
import { limitMutants, loginMutants } from './rate-limits.ts'
import { transportMutants } from './transport.ts'

const PACKAGES: Readonly<Record<string, readonly PackageMutant[]>> = {
  'audit-log': auditMutants,
  countersign: verifyMutants,
  express: expressInventoryMutants,
  fastify: fastifyInventoryMutants,
  gateway: gatewayMutants,
  http: factMutants,
  'http-signatures': signatureMutants,
  inventory: inventoryMutants,
  'oauth-client': clientMutants,
  passwords: loginMutants,
  policy: conditionMutants,
  'rate-limits': limitMutants,
  transport: transportMutants,
}

const { values } = parseArgs({ options: { only: { type: 'string' }, help: { type: 'boolean' } } })
if (values.help) {
  console.log(`usage: node apps/mutants/packages.ts [--only TEXT]
  --only TEXT  runs the mutants whose file, words or test hold TEXT`)
  process.exit(0)
}
let killed = 0
let failed = 0
for (const [name, mutants] of Object.entries(PACKAGES)) {
  killed += await runPackageMutants(name, mutants, values.only, (text) => {
    failed++
    console.log(`   FAILED ${text}`)
  })
  console.log(`   ${name}: ${mutants.length}`)
}
console.log(`${killed} passed, ${failed} failed`)
process.exit(failed > 0 || killed === 0 ? 1 : 0)
