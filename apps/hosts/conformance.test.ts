import { conformance, identical, startHost } from '@countersign/conformance'
import { HOSTS } from './hosts.ts'

for (const [name, main] of Object.entries(HOSTS)) conformance(name, () => startHost(main))
identical()
