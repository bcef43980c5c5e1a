import { serve } from '@sample/domain'
import { fastifyHost } from './app.ts'

await serve(async (sample) => (await fastifyHost(sample)).server)
