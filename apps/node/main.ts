import { serve } from '@sample/domain'
import { nodeHost } from './app.ts'

await serve(nodeHost)
