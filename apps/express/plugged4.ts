// The same server on Express 4.
process.env.EXPRESS = '4'
await import('./plugged.ts')
