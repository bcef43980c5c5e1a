import { conformance, identical, startHost, type Transcripts } from '@countersign/conformance'
import { HOSTS } from './hosts.ts'

const transcripts: Transcripts = new Map()
for (const [name, main] of Object.entries(HOSTS)) conformance(name, () => startHost(main), transcripts)
identical(transcripts)
