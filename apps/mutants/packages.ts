// npm test -- unit-mutants: guards of packages that no host has, each taken out; a test of the package must notice.
import { parseArgs } from 'node:util'
import { auditMutants, factMutants, verifyMutants } from './audit-log.ts'
import { gatewayMutants } from './gateway.ts'
import { signatureMutants } from './http-signatures.ts'
import { expressInventoryMutants, fastifyInventoryMutants, inventoryMutants } from './inventory.ts'
import { clientMutants } from './oauth-client.ts'
import { answerMutants, fetchMutants } from './oauth-server.ts'
import { type PackageMutant, runPackageMutants, standing } from './package-mutants.ts'
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
  'oauth-server': answerMutants,
  passwords: loginMutants,
  policy: conditionMutants,
  'rate-limits': limitMutants,
  tokens: fetchMutants,
  transport: transportMutants,
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, texts: { type: 'boolean' }, help: { type: 'boolean' } },
})
if (values.help) {
  console.log(`usage: node apps/mutants/packages.ts [--only TEXT] [--texts]
  --only TEXT  runs the mutants whose file, words or test hold TEXT
  --texts      runs none: looks whether what each takes out is still there`)
  process.exit(0)
}
let killed = 0
let failed = 0
for (const [name, mutants] of Object.entries(PACKAGES)) {
  const fail = (text: string) => {
    failed++
    console.log(`   FAILED ${text}`)
  }
  killed += values.texts
    ? standing(mutants, values.only, fail).length
    : await runPackageMutants(name, mutants, values.only, fail)
  if (!values.texts) console.log(`   ${name}: ${mutants.length}`)
}
console.log(`${killed} passed, ${failed} failed`)
process.exit(failed > 0 || killed === 0 ? 1 : 0)
